"""What the documents name is there."""

import ast
import importlib
import re
import sys
import types
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pratique.contract.check import measure
from pratique.contract.discovery import load_check
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.params import Params
from pratique.core.sections import Section
from pratique.provenance.record import record_schema

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *sorted(str(p.relative_to(REPOSITORY)) for p in REPOSITORY.glob("docs/**/*.md")),
)
PLACES = (REPOSITORY, REPOSITORY / "stages", REPOSITORY / "stages/pratique")
CONSTANT = re.compile(r"^\| `([^`|]+)` \| `((?:\w+/)+\w+)\.py` \| ([^|]*) \|", re.M)
OWN_CHECKS = sorted(p.stem for p in (REPOSITORY / "stages/pratique/checks").glob("[a-z]*.py"))


def read(document):
    return (REPOSITORY / document).read_text(encoding="utf-8")


def constants():
    """Name, module and value of every constant that its page lists."""
    return CONSTANT.findall(read("docs/constants.md"))


def anchors(document):
    """What a link into a document may name: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", read(document), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def keys(section, prefix=""):
    """The keys of params.yaml, with those of its sections."""
    for name, field in section.model_fields.items():
        inner = field.annotation
        nested = isinstance(inner, type) and issubclass(inner, Section)
        yield from keys(inner, f"{prefix}{name}.") if nested else [f"{prefix}{field.alias or name}"]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_that_a_document_names_is_there(document):
    named = re.findall(r"`((?:\w+/)+\w+\.py)`", read(document))
    assert [name for name in named if not any((place / name).is_file() for place in PLACES)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_within_the_repository_leads_somewhere(document):
    here = (REPOSITORY / document).parent
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", read(document)):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        path = (here / target).resolve() if target else REPOSITORY / document
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(link)
    assert broken == []


def test_constants_are_listed_once():
    listed = [(module, name) for name, module, _ in constants()]
    assert len(listed) > 50
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize(("name", "module", "value"), constants(), ids=lambda part: part)
def test_a_constant_that_a_document_names_has_the_value_that_stands_there(name, module, value):
    """A value in words, such as "ln 10", is not held to the code; that the name is there is."""
    space = vars(importlib.import_module(f"pratique.{module.replace('/', '.')}"))
    found = eval(name, dict(space))
    try:
        said = ast.literal_eval(value.strip())
    except (SyntaxError, ValueError):
        return
    assert np.shape(found) == np.shape(said)
    np.testing.assert_array_equal(found, said)


def test_every_key_of_params_is_explained():
    known = {key for key in keys(Params) if key != "checks"}
    known |= {f"checks.{check}.{field}" for check in OWN_CHECKS for field in load_check(check).model_fields}
    explained = set(re.findall(r"^\| `([\w.]+)` \|", read("docs/configuration.md"), re.M))
    assert sorted(known - explained) == []


def test_every_key_of_a_record_is_explained():
    known = record_schema()["properties"]["predicate"]["properties"].keys()
    rows = re.findall(r"^\| (`[^|]*`) \|", read("docs/provenance.md").partition("## Verify")[0], re.M)
    assert sorted(key for row in rows for key in re.findall(r"`(\w+)`", row)) == sorted(known)


def test_the_check_that_contributors_are_shown_works(monkeypatch):
    (code,) = re.findall(r"^```python\n(.*?)^```$", read("CONTRIBUTING.md"), re.M | re.S)
    module = types.ModuleType("shown")
    monkeypatch.setitem(sys.modules, "shown", module)
    exec(compile(code, "CONTRIBUTING.md", "exec"), vars(module))
    layout = Layout("paid", {"amount": "real"})
    batch = Batch("garden/monday", pa.table({"amount": [1.0, 20_000.0, 3.0], "paid": ["yes", "no", "no"]}), layout)
    finding = measure(module.Amounts().fit(batch, np.random.default_rng(0)), batch)
    assert (finding.fault, finding.statistic) == (None, 1 / 3)
    assert finding.forbidden == {1: "amount: above 10000"}
    assert finding.evidence.columns[0].rows == (1,)
