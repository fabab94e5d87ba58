"""One meaning, one word: names are verbs for what is done, and no constant shares its name with another."""

import ast
import re
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "stages/pratique"
PARTICIPLE = re.compile(
    r"_*([a-z]{2,}ed|kept|held|drawn|shown|made|said|known|found|left|given|seen|told|chosen|taken)"
)
TREES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


def is_property(function):
    return any("property" in ast.unparse(decorator) for decorator in function.decorator_list)


def test_no_function_is_named_by_a_past_participle():
    functions = [
        f"{place}: {node.name}"
        for place, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and not is_property(node) and PARTICIPLE.fullmatch(node.name)
    ]
    assert functions == []


def test_every_constant_has_a_name_of_its_own():
    places = defaultdict(set)
    for place, tree in TREES.items():
        for node in tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                if isinstance(target, ast.Name) and target.id.isupper():
                    places[target.id].add(place)
    assert {name: sorted(found) for name, found in places.items() if len(found) > 1} == {}


def test_every_room_says_in_one_sentence_what_it_is_for():
    for place, tree in TREES.items():
        if place.endswith("/__init__.py"):
            text = ast.get_docstring(tree) or ""
            assert re.fullmatch(r"[^.]+[.](.*)", text, re.DOTALL), place


def test_no_module_is_longer_than_a_person_reads_at_once():
    lengths = {place: len((PACKAGE / place).read_text().splitlines()) for place in TREES}
    assert {place: lines for place, lines in lengths.items() if lines > 300} == {}
