"""`pratique init` in a repository of any shape, with columns of any name, once or twice."""

import json
import re
from pathlib import Path

import pytest
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.params import Params, load
from pratique.scaffold.pipeline import STAGES, dvc_yaml
from pratique.scaffold.rules import infer_schema, infer_suite
from pratique.tables.reading import read_trusted
from pratique.tables.trusted import layout_of
from ruamel.yaml import YAML

REPOSITORY = Path(__file__).parents[2]
BASELINE = "data/baseline/README.md"
BY_HAND = ["data/decisions/README.md", "data/sources.yaml", "data/standing.jsonl"]
WRITTEN = [
    BASELINE,
    *BY_HAND,
    "dvc.yaml",
    "expectations/columns.yaml",
    "expectations/schema.yaml",
    "expectations/suite.json",
    "params.yaml",
]
IN_ORDER = [
    "dvc.yaml",
    "params.yaml",
    *WRITTEN[5:8],
    "data/sources.yaml",
    "data/decisions/README.md",
    "data/standing.jsonl",
    BASELINE,
]


def only_rules(project):
    """Leave the checks of declared rules in params.yaml, which take no time to calibrate."""
    text = (project.root / "params.yaml").read_text(encoding="utf-8")
    start, end = text.index("checks:"), text.index("train:")
    project.path("params.yaml").write_text(
        f"{text[:start]}checks: {{schema: {{}}, expectations: {{}}}}\n\n{text[end:]}", encoding="utf-8"
    )


def run_rules(project, batch, label):
    """Calibrate on the reference, clear one batch, and return its verdict and alarms."""
    only_rules(project)
    batch.to_csv(project.path("data/incoming/east/first.csv"), index=False)
    project.stages("calibrate", "ingest", "validate")
    record = json.loads((project.root / "data/records/east/first.json").read_text(encoding="utf-8"))
    return record["predicate"]["verdict"], record["predicate"]["reasonCodes"]


def init(project, *words, label="y"):
    done = project.pratique("init", *(words or (".", "--from", "trusted.csv")), "--label", label)
    assert done.code == 0, done
    return done.out.splitlines()


# what it writes


@pytest.mark.parametrize("columns", ["numbers", "words", "mixed"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_init_infers_lets_such_rows_in(project, make_rows, columns, suffix):
    chosen = {"numbers": ["size", "weight", "age"], "words": ["colour", "shape"], "mixed": ["age", "size", "shape"]}
    trusted, batch = (make_rows(rows, seed)[[*chosen[columns], "y"]] for rows, seed in ((200, 1), (40, 2)))
    file = project.path(f"trusted{suffix}")
    trusted.to_csv(file, index=False) if suffix == ".csv" else trusted.to_parquet(file, index=False)
    said = init(project, ".", "--from", f"trusted{suffix}")
    assert [line for line in said if line.startswith("wrote")] == [
        f"wrote  {name}" for name in (*IN_ORDER, f"data/reference/trusted{suffix}")
    ]
    assert sorted(project.contents(".")) == sorted([*WRITTEN, f"data/reference/trusted{suffix}", file.name])
    assert load(project.root / "params.yaml").data.label == "y"
    assert load(project.root / "params.yaml").alarms.per_1000_batches == 10
    verdict, alarms = run_rules(project, batch, "y")
    assert (verdict, alarms) == ("accept", [])


def test_the_pipeline_is_one_that_dvc_reads(project, make_rows):
    make_rows(40, 1).to_csv(project.path("trusted.csv"), index=False)
    project.ok("git", "init", "-q")
    project.ok("dvc", "init", "-q")
    init(project)
    listed = project.ok("dvc", "stage", "list", "--name-only").split()
    assert listed == [stage.name for stage in STAGES]
    commands = YAML(typ="safe").load((project.root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert [commands[name]["cmd"] for name in listed] == [f"pratique {name}" for name in listed]


# twice


def test_a_second_init_changes_nothing(project, make_rows):
    make_rows(40, 1).to_csv(project.path("trusted.csv"), index=False)
    init(project)
    before = project.contents(".")
    said = init(project)
    assert project.contents(".") == before
    assert not [line for line in said if line.startswith("wrote")]
    assert [line for line in said if line.startswith("kept")] == [
        f"kept   {name}" for name in (*IN_ORDER, "data/reference")
    ]


@pytest.mark.parametrize("edited", WRITTEN)
def test_an_edited_file_is_kept_and_init_says_so(project, make_rows, edited):
    make_rows(40, 1).to_csv(project.path("trusted.csv"), index=False)
    init(project)
    mine = (project.root / edited).read_bytes() + (b"\n" if edited.endswith("json") else b"# mine\n")
    project.path(edited).write_bytes(mine)
    before = project.contents(".")
    assert f"kept   {edited}" in init(project)
    assert project.contents(".") == before


@pytest.mark.parametrize("missing", WRITTEN)
def test_a_missing_file_is_written_again_as_it_was(project, make_rows, missing):
    make_rows(40, 1).to_csv(project.path("trusted.csv"), index=False)
    init(project)
    before = project.contents(".")
    (project.root / missing).unlink()
    assert f"wrote  {missing}" in init(project)
    assert project.contents(".") == before


def test_a_second_init_follows_the_params_that_are_there(project, make_rows):
    """Somebody names the id in params.yaml and has the expectations inferred again."""
    frame = make_rows(200, 1)
    frame.insert(0, "key", range(200))
    frame.to_csv(project.path("trusted.csv"), index=False)
    init(project)
    text = (project.root / "params.yaml").read_text(encoding="utf-8")
    project.path("params.yaml").write_text(text.replace("id: null", "id: key"), encoding="utf-8")
    for name in ("expectations/schema.yaml", "expectations/suite.json"):
        (project.root / name).unlink()
    init(project)
    batch = make_rows(40, 2)
    batch.insert(0, "key", range(10**6, 10**6 + 40))
    assert run_rules(project, batch, "y") == ("accept", [])
    suite = json.loads((project.root / "expectations/suite.json").read_text(encoding="utf-8"))
    unique = [e["kwargs"] for e in suite["expectations"] if e["type"] == "expect_column_values_to_be_unique"]
    assert unique == [{"column": "key"}]


def test_a_second_init_with_another_label_is_refused(project, make_rows):
    make_rows(40, 1).to_csv(project.path("trusted.csv"), index=False)
    init(project)
    before = project.contents(".")
    complaint = project.pratique("init", ".", "--from", "trusted.csv", "--label", "shape").complaint
    assert complaint.startswith("params.yaml: data.label is 'y', not 'shape'")
    assert project.contents(".") == before


def test_a_params_file_that_lacks_what_the_pipeline_names_is_refused_with_the_lines_to_add(project, make_rows):
    make_rows(40, 1).to_csv(project.path("trusted.csv"), index=False)
    project.path("params.yaml").write_text("data: {label: y}\nchecks: {schema: {}}\ntrain: {trees: 3}\n")
    before = project.contents(".")
    complaint = project.pratique("init", ".", "--from", "trusted.csv", "--label", "y").complaint
    assert complaint.startswith("params.yaml: dvc.yaml names 'alarms', 'audits', 'drill', ")
    assert project.contents(".") == before
    lines = re.findall(r"`([^`]+)`", complaint)
    assert "seed: 0" in lines
    with project.path("params.yaml").open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    init(project)
    params = load(project.root / "params.yaml")
    assert params == Params(data={"label": "y"}, checks={"schema": {}}, train={"trees": 3})


# where things lie


def test_a_reference_elsewhere_is_copied_byte_for_byte(project, new_project, make_rows):
    elsewhere = new_project()
    make_rows(40, 1).to_csv(elsewhere.path("a.csv"), index=False)
    make_rows(40, 2).to_parquet(elsewhere.path("b.parquet"), index=False)
    elsewhere.path("notes.txt").write_text("no rows")
    init(project, ".", "--from", str(elsewhere.root))
    assert project.contents("data/reference") == {
        f"data/reference/{name}": (elsewhere.root / name).read_bytes() for name in ("a.csv", "b.parquet")
    }


@pytest.mark.parametrize("given", ["data/reference", "data/reference/rows.csv", "./data/../data/reference"])
def test_a_reference_in_its_place_stays_there(project, make_rows, given):
    make_rows(40, 1).to_csv(project.path("data/reference/rows.csv"), index=False)
    before = project.contents("data/reference")
    init(project, ".", "--from", given)
    assert project.contents("data/reference") == before


def test_another_reference_does_not_replace_the_one_that_is_there(project, make_rows):
    make_rows(40, 1).to_csv(project.path("data/reference/rows.csv"), index=False)
    make_rows(40, 2).to_csv(project.path("trusted.csv"), index=False)
    before = project.contents("data/reference")
    assert "kept   data/reference" in init(project)
    assert project.contents("data/reference") == before


def test_init_of_a_folder_that_is_not_the_current_one(project, make_rows):
    """The reference is named from where the command is given, as for any other command."""
    make_rows(40, 1).to_csv(project.path("trusted.csv"), index=False)
    (project.root / "team").mkdir()
    done = project.run("pratique", "init", "team", "--from", "trusted.csv", "--label", "y")
    assert (done.code, done.err) == (0, "")
    expected = [*(f"team/{name}" for name in (*WRITTEN, "data/reference/trusted.csv")), "trusted.csv"]
    assert sorted(project.contents(".")) == sorted(expected)


def test_whatever_lies_in_the_folder_stays(project, make_rows):
    make_rows(40, 1).to_csv(project.path("trusted.csv"), index=False)
    for name in ("README.md", ".gitignore", "data/old.csv", "src/train.py"):
        project.path(name).write_text("mine")
    before = project.contents(".")
    init(project)
    assert before.items() <= project.contents(".").items()


# names that mean something to YAML, JSON or a shell


@pytest.mark.parametrize(
    "label",
    [
        'the "label"', "it's", "a: b", "a # b", "# a", "- a", "{a}", "{label}", "[a", "%a", "!!int a", "&a", "*a",
        "null", "no", "1.0", "007", "~", "a\\nb", "a\nb", "a\tb", "a,b", "größe", "标签", "\U0001f3f7", "a\u2028b",
        "a\x85b", "a\x7fb", "a\u200bb", "a\ufeffb", "<script>", "$(id)", "seed: 1\nchecks", "../y",
    ],
)  # fmt: skip
def test_a_label_of_any_name(project, make_rows, label):
    trusted, batch = make_rows(40, 1).rename(columns={"y": label}), make_rows(30, 2).rename(columns={"y": label})
    trusted.to_csv(project.path("trusted.csv"), index=False)
    init(project, label=label)
    params = load(project.root / "params.yaml")
    assert params.data.label == label
    assert (params.seed, params.data.id, params.data.ignore) == (0, None, ())
    verdict, alarms = run_rules(project, batch, label)
    assert (verdict, alarms) == ("accept", [])


# this repository's own


def test_the_pipeline_here_is_the_one_that_init_would_write():
    assert (REPOSITORY / "dvc.yaml").read_text(encoding="utf-8") == dvc_yaml(own_code=True)


def test_the_expectations_here_are_those_that_init_would_infer():
    data = load(REPOSITORY / paths.PARAMS).data
    reference = read_trusted(REPOSITORY / paths.REFERENCE)
    trusted = Batch("reference", reference, layout_of(reference, data))
    assert (REPOSITORY / paths.SCHEMA).read_text(encoding="utf-8") == infer_schema(trusted)
    suite = json.loads((REPOSITORY / paths.SUITE).read_text(encoding="utf-8"))
    assert suite == infer_suite(trusted, data.id)


# what it says


def test_init_says_what_it_makes_of_doubtful_columns_and_where_to_change_it(project, make_rows):
    frame = make_rows(200, 1)
    frame.insert(0, "key", [f"K{i}" for i in range(200)])
    frame["email"] = [f"p{i}@example.org" for i in range(200)]
    frame["seen"] = [f"2024-01-{1 + i % 28:02}" for i in range(200)]
    frame["income"] = ["NA" if i % 20 == 0 else f"{i}.5" for i in range(200)]
    frame.to_csv(project.path("trusted.csv"), index=False)
    said = "\n".join(init(project, ".", "--from", "trusted.csv"))
    for words in (
        "key: 200 different values in 200 rows → identifier, no feature\n"
        "    to change it: expectations/columns.yaml, key and params.yaml, data.id",
        "email: looks personal → no report shows its cells\n    to change it: params.yaml, data.personal",
        "seen: dates or times → time, no feature",
        "income: 190 of 200 are numbers, 10 are empty or 'NA' → real, 'NA' is missing",
        "No terminal to ask on: every proposal is taken.",
    ):
        assert words in said
    data = load(project.root / "params.yaml").data
    assert (data.id, data.time, data.personal) == ("key", "seen", ("email",))
    before = project.contents(".")
    explained = "\n".join(init(project, ".", "--from", "trusted.csv", "--explain"))
    assert explained in said
    assert explained.count("→") == said.count("→") == 5
    assert project.contents(".") == before
    assert "No terminal" not in "\n".join(init(project, ".", "--from", "trusted.csv", "--yes"))


def test_what_trusted_rows_hold_is_said_by_init_and_again(project, make_rows):
    frame = make_rows(200, 1)
    frame.loc[7] = frame.loc[3]
    frame.to_csv(project.path("trusted.csv"), index=False)
    line = "2 rows repeat another row exactly, in 1 group; the first: rows 3 and 7"
    assert f"  {line}" in init(project)
    assert line in project.pratique("reference").out
    found = json.loads(project.pratique("reference", "--json").out)
    assert found["rows"] == 200
    assert [each["rows"] for each in found["remarks"] if each["code"] == "repeats"] == [[3, 7]]
