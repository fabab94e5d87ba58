"""What people get wrong gives one clear line and exit 2; a bad batch is quarantined, and the others go through."""

import csv
import json
import os
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pratique.core.hashing import sha256_bytes

OTHERS = ("data/accepted", "data/quarantine", "data/records")


@pytest.fixture
def work(cleared, tmp_path):
    """A project whose every stage has run, to be spoiled."""
    return cleared.copy(tmp_path / "project")


@pytest.fixture
def fresh(project, make_rows):
    """A folder that holds trusted rows and nothing else."""
    make_rows(40, seed=1).to_csv(project.path("trusted.csv"), index=False)
    return project


def remove(project, *names):
    for name in names:
        path = project.root / name
        path.unlink() if path.is_file() else shutil.rmtree(path)


def edit(project, name, old, new):
    path = project.root / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def move_first_batch(project, name):
    (project.root / "data/incoming/east/first.csv").rename(project.path(f"data/incoming/{name}"))


def run_only(project, check):
    """Leave one check in params.yaml, which saves calibrating the others."""
    text = (project.root / "params.yaml").read_text(encoding="utf-8")
    start, end = text.index("checks:"), text.index("train:")
    project.path("params.yaml").write_text(f"{text[:start]}checks: {{{check}: {{}}}}\n\n{text[end:]}", encoding="utf-8")


# init


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["init", ".", "--from", "nowhere.csv", "--label", "y"], ["nowhere.csv", "not found"]),
        (["init", ".", "--from", "empty", "--label", "y"], ["empty", "no .csv or .parquet"]),
        (["init", ".", "--from", "torn.parquet", "--label", "y"], ["torn.parquet", "not readable as parquet"]),
        (["init", ".", "--from", "header.csv", "--label", "y"], ["header.csv", "no rows"]),
        (["init", ".", "--from", "trusted.csv", "--label", "nope"], ["nope", "size, weight"]),
        (["init", "nowhere", "--from", "trusted.csv", "--label", "y"], ["nowhere", "not a folder"]),
        (["init", "trusted.csv", "--from", "trusted.csv", "--label", "y"], ["trusted.csv", "not a folder"]),
    ],
)
def test_init_names_what_is_wrong_and_writes_nothing(fresh, words, named):
    (fresh.root / "empty").mkdir()
    fresh.path("torn.parquet").write_bytes(b"PAR1 and no more")
    fresh.path("header.csv").write_bytes((fresh.root / "trusted.csv").read_bytes().splitlines(keepends=True)[0])
    before = fresh.contents(".")
    complaint = fresh.pratique(*words).complaint
    assert all(words in complaint for words in named), complaint
    assert fresh.contents(".") == before


# params.yaml


@pytest.mark.parametrize("stage", ["calibrate", "validate", "check"])
@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("seed: 0", "seed: 0\nsede: 1", ["sede: unknown key", "seed"]),
        ("  per_1000_batches: 10", "  per_1000_batches: 10\n  per_100: 1", ["alarms.per_100: unknown key"]),
        ("    neighbours: 10", "    neighbors: 10", ["checks.labels", "neighbors: unknown key", "neighbours"]),
        ("  shift: {}", "  drift: {}", ["checks.drift: no such check", "shift"]),
        ("seed: 0", "seed: 0\nseed: 1", ["duplicate key", "seed"]),
        ("seed: 0", "seed: zero", ["seed", "'zero'"]),
        ("seed: 0", "seed: [0", ["line"]),
    ],
    ids=["top level", "section", "field of a check", "check", "repeated", "wrong type", "not YAML"],
)
def test_a_wrong_key_of_params_is_named(work, stage, old, new, named):
    edit(work, "params.yaml", old, new)
    words = ["check", "trusted.csv"] if stage == "check" else [stage]
    complaint = work.pratique(*words).complaint
    assert complaint.startswith("params.yaml: ")
    assert all(words in complaint for words in named), complaint


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"seed: \xff\n", "not UTF-8 at offset 6"),
        (b"- seed\n- data\n", "dictionary"),
        (b"just words\n", "dictionary"),
        (b"", "data: field required"),
        (b"data: &a {label: y, more: *a}\n", "data.more: unknown key"),
        (b"!!python/object/apply:os.system [id]\n", "python/object"),
        (None, "not found"),
    ],
    ids=["not UTF-8", "list", "text", "nothing", "refers to itself", "object", "missing"],
)
def test_params_that_are_no_params(work, content, named):
    if content is None:
        remove(work, "params.yaml")
    else:
        work.path("params.yaml").write_bytes(content)
    complaint = work.pratique("train").complaint
    assert complaint.startswith("params.yaml: ")
    assert named in complaint


@pytest.mark.parametrize("stage", ["calibrate", "ingest", "validate", "train", "evaluate", "status"])
def test_a_stage_in_any_other_folder_says_what_is_missing(project, stage):
    complaint = project.pratique(stage).complaint
    assert "params.yaml" in complaint
    assert project.contents(".") == {}


# trusted rows

HEADER, ROW = "size,weight,age,colour,shape,y\n", "1,2,3,red,rod,low\n"


@pytest.mark.parametrize(
    ("spoil", "stage", "named"),
    [
        (lambda p: remove(p, "data/reference"), "calibrate", ["data/reference", "no .csv or .parquet file"]),
        (lambda p: remove(p, "data/reference"), "evaluate", ["data/reference", "no .csv or .parquet file"]),
        (lambda p: remove(p, "data/holdout"), "evaluate", ["data/holdout", "no .csv or .parquet file"]),
        (lambda p: edit(p, "params.yaml", 'label: "y"', "label: z"), "calibrate", ["data.label", "'z'", "size"]),
        (lambda p: edit(p, "params.yaml", "id: null", "id: key"), "calibrate", ["data.id", "'key'", "size"]),
        (
            lambda p: p.path("data/reference/zoo.csv").write_text("size,y\n1,low\n"),
            "calibrate",
            ["data/reference/zoo.csv", "'age'"],
        ),
        (
            lambda p: p.path("data/reference/trusted.csv").write_text(f"{HEADER}1,2,3,red,rod,low\n"),
            "calibrate",
            ["data/reference", "1 row;", "at least 20"],
        ),
        (
            lambda p: p.path("data/reference/trusted.csv").write_text(HEADER + ROW * 30 + "1,2,3,red,rod,\n"),
            "calibrate",
            ["data/reference", "row 30", "'y'"],
        ),
        (
            lambda p: p.path("data/reference/trusted.csv").write_bytes(b"size,y\n1,2,3\n"),
            "calibrate",
            ["trusted.csv", "row 0 (from 0) has 3 cells"],
        ),
        (
            lambda p: p.path("data/holdout/rows.csv").write_text("size,weight,age,colour,shape\n1,2,3,red,rod\n"),
            "evaluate",
            ["data/holdout", "'y'"],
        ),
        (
            lambda p: p.path("data/holdout/rows.csv").write_text("size,weight,colour,shape,y\n1,2,red,rod,low\n"),
            "evaluate",
            ["data/holdout", "'age'"],
        ),
        (
            lambda p: p.path("data/holdout/rows.csv").write_text("size,weight,age,colour,shape,y\n1,2,3,red,rod,\n"),
            "evaluate",
            ["data/holdout", "row 0", "'y'"],
        ),
    ],
    ids=[
        "no reference", "no reference for evaluate", "no holdout", "no such label", "no such id", "columns differ",
        "few rows", "row without label", "unreadable", "holdout without label", "holdout without a feature",
        "holdout row without label",
    ],
)  # fmt: skip
def test_trusted_rows_that_can_t_be_used(work, spoil, stage, named):
    spoil(work)
    complaint = work.pratique(stage).complaint
    assert all(words in complaint for words in named), complaint


# expectations


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"\xff\xfe", b"[]", b"just words", b'{"columns": 7}', b'{"columns": {"size": {"dtype": "!"}}}'],
    ids=["missing", "nothing", "torn", "not UTF-8", "list", "text", "no columns", "no dtype"],
)
def test_a_schema_that_is_none(work, content):
    if content is None:
        remove(work, "expectations/schema.yaml")
    else:
        work.path("expectations/schema.yaml").write_bytes(content)
    run_only(work, "schema")
    assert work.pratique("calibrate").complaint.startswith("expectations/schema.yaml: ")


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"\xff\xfe", b"[]", b'"words"', b'{"expectations": 7}', b'{"expectations": [{"type": "no"}]}'],
    ids=["missing", "nothing", "torn", "not UTF-8", "list", "text", "no expectations", "no such expectation"],
)
def test_a_suite_that_is_none(work, content):
    if content is None:
        remove(work, "expectations/suite.json")
    else:
        work.path("expectations/suite.json").write_bytes(content)
    run_only(work, "expectations")
    assert work.pratique("calibrate").complaint.startswith("expectations/suite.json: ")


# what is in data/incoming


def put_fifo(project):
    os.mkfifo(project.path("data/incoming/east/pipe.csv"))


def put_link(project):
    project.path("data/incoming/east/link.csv").symlink_to(project.root / "trusted.csv")


def put_linked_source(project):
    project.path("data/incoming/south").symlink_to(project.root / "data/holdout")


def put_folder(project):
    project.path("data/incoming/east/folder/deeper/rows.csv").write_text("size,y\n1,low\n")


def put_same_stem(project):
    (project.root / "data/incoming/east/first.parquet").write_bytes(b"PAR1")


def put_same_letters(project):
    (project.root / "data/incoming/east/FIRST.csv").write_text("size,y\n1,low\n")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda p: remove(p, "data/incoming"), ["data/incoming", "no batch"]),
        (lambda p: remove(p, "data/incoming/east", "data/incoming/west"), ["data/incoming", "no batch"]),
        (put_link, ["data/incoming/east/link.csv", "not a regular file"]),
        (put_linked_source, ["data/incoming/south", "folder named after its source"]),
        (put_fifo, ["data/incoming/east/pipe.csv", "not a regular file"]),
        (put_folder, ["data/incoming/east/folder/deeper", "not a regular file"]),
        (put_same_stem, ["data/incoming/east/first.csv", "data/incoming/east/first.parquet", "rename one"]),
        (put_same_letters, ["data/incoming/east/first.csv", "data/incoming/east/FIRST.csv", "rename one"]),
        (lambda p: move_first_batch(p, "east/two words.csv"), ["two words.csv", "letters, digits"]),
        (lambda p: move_first_batch(p, "east/-rf"), ["data/incoming/east/-rf", "letters, digits"]),
        (lambda p: move_first_batch(p, "-rf/first.csv"), ["data/incoming/-rf", "letters, digits"]),
        (lambda p: move_first_batch(p, "east/a\\..\\b.csv"), ["a\\..\\b.csv", "letters, digits"]),
        (lambda p: move_first_batch(p, "east/a\n::error::b.csv"), ["a\\n:\\x3aerror:\\x3ab.csv", "letters, digits"]),
        (lambda p: move_first_batch(p, "east/caf\u00e9.csv"), ["caf\u00e9.csv", "letters, digits"]),
        (lambda p: move_first_batch(p, f"east/{'a' * 120}.csv"), ["aaa.csv", "at most 100"]),
    ],
    ids=[
        "no folder", "empty folder", "symlink", "symlink to a folder", "FIFO", "folder",
        "two formats", "case", "space", "leading dash", "source with leading dash", "path", "newline", "accent", "long",
    ],
)  # fmt: skip
def test_a_file_that_can_be_no_batch(work, spoil, named):
    before = work.contents("data/batches")
    spoil(work)
    complaint = work.pratique("ingest").complaint
    assert all(words in complaint for words in named), complaint
    assert work.contents("data/batches") == before


# stages out of turn


@pytest.mark.parametrize(
    ("gone", "stage", "named"),
    [
        ("data/profile", ["validate"], ["data/profile", "pratique calibrate"]),
        ("data/profile", ["check", "trusted.csv"], ["data/profile", "pratique calibrate"]),
        ("data/batches", ["validate"], ["data/batches", "pratique ingest"]),
        ("data/accepted", ["train"], ["data/accepted", "not found", "pratique validate"]),
        ("data/model", ["evaluate"], ["data/model"]),
        ("data/reports/batches.csv", ["evaluate"], ["data/reports/batches.csv"]),
        ("data/reports/rows.parquet", ["evaluate"], ["data/reports/rows.parquet"]),
        ("data/reports/batches.csv", ["status"], ["data/reports/batches.csv", "dvc repro"]),
    ],
)
def test_a_stage_says_what_has_to_run_before_it(work, gone, stage, named):
    remove(work, gone)
    complaint = work.pratique(*stage).complaint
    assert all(words in complaint for words in named), complaint


@pytest.mark.parametrize("stage", [["validate"], ["check", "trusted.csv"]])
def test_a_profile_of_another_label_is_not_used(work, stage):
    edit(work, "params.yaml", 'label: "y"', "label: colour")
    complaint = work.pratique(*stage).complaint
    assert "data/profile: calibrated for another label" in complaint


@pytest.mark.parametrize("files", [["nowhere.csv"], ["trusted.csv", "nowhere.csv"], ["data"]])
def test_check_needs_files_that_are_there(work, files):
    complaint = work.pratique("check", *files).complaint
    assert files[-1] in complaint
    assert ": not a " in complaint


@pytest.mark.parametrize("option", ["--json", "--rows"])
def test_an_answer_that_can_t_be_written_is_no_verdict(work, option):
    """Exit 1 would say that a batch was refused."""
    complaint = work.pratique("check", "trusted.csv", option, "data").complaint
    assert complaint.startswith("data: ")
    assert "s a directory" in complaint


def test_check_says_by_its_exit_code_that_it_could_not_decide(work):
    """The same from a shell: nothing on standard output, one line on standard error."""
    done = work.run("pratique", "check", "nowhere.csv")
    assert done.complaint.startswith("nowhere.csv: not a file")
    assert done.out == ""


def test_a_stage_says_it_the_same_way_from_a_shell(work):
    remove(work, "data/incoming")
    for words in (("pratique", "ingest"), ("python", str(Path(__file__).parents[2] / "stages/ingest.py"))):
        assert work.run(*words).complaint.startswith("data/incoming: no batch")


# bad batches


def rows_too_long(good):
    return good.replace(b"\n", b"\n9,9,9,9,9,9,9\n", 1)


BAD = {
    "torn.parquet": (lambda csv, parquet: parquet[:-40], "not readable as parquet"),
    "long-row.csv": (lambda csv, parquet: rows_too_long(csv), "cells, the header 6"),
    "latin.csv": (lambda csv, parquet: csv.replace(b"red", "ré".encode("latin-1"), 1), "not UTF-8 at offset"),
    "nothing.csv": (lambda csv, parquet: b"", "the file is empty"),
    "nul.csv": (lambda csv, parquet: csv.replace(b"red", b"r\0d", 1), "NUL byte at offset"),
    "table.xlsx": (lambda csv, parquet: b"PK\x03\x04 and more", "not readable as an Excel workbook"),
}
UNREADABLE = sorted(BAD)
HEADER_ONLY = "header.csv"


@pytest.fixture(scope="module")
def spoiled(cleared, tmp_path_factory):
    """The project with bad batches beside the good ones, after a run."""
    project = cleared.copy(tmp_path_factory.mktemp("spoiled") / "project")
    csv_bytes = (project.root / "data/incoming/east/first.csv").read_bytes()
    parquet_bytes = (project.root / "data/incoming/west/second.parquet").read_bytes()
    for name, (make, _) in BAD.items():
        project.path(f"data/incoming/east/{name}").write_bytes(make(csv_bytes, parquet_bytes))
    project.path(f"data/incoming/east/{HEADER_ONLY}").write_bytes(csv_bytes.splitlines(keepends=True)[0])
    project.stages("ingest", "validate", "train", "evaluate")
    return project


def record_of(project, name):
    stem = name.rsplit(".", 1)[0]
    return json.loads((project.root / f"data/records/east/{stem}.json").read_text(encoding="utf-8"))


def line_of(project, name):
    with (project.root / "data/reports/batches.csv").open(encoding="utf-8", newline="") as stream:
        (line,) = [line for line in csv.DictReader(stream) if line["batch"] == f"east/{name.rsplit('.', 1)[0]}"]
    return line


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_batch_is_kept_byte_for_byte_with_its_reason(spoiled, name):
    sent = (spoiled.root / f"data/incoming/east/{name}").read_bytes()
    stem = name.rsplit(".", 1)[0]
    assert spoiled.contents(f"data/quarantine/east/{stem}") == {f"data/quarantine/east/{stem}/{name}": sent}
    assert spoiled.contents(f"data/accepted/east/{stem}.parquet") == {}
    record = record_of(spoiled, name)
    assert record["subject"] == [{"name": f"data/incoming/east/{name}", "digest": {"sha256": sha256_bytes(sent)}}]
    assert record["predicate"]["result"] == "FAILED"
    assert record["predicate"]["reasonCodes"] == ["unreadable"]
    assert name in record["predicate"]["fault"]
    assert BAD[name][1] in record["predicate"]["fault"]
    (kept,) = record["predicate"]["outputs"]
    assert (kept["name"], kept["mediaType"]) == (f"data/quarantine/east/{stem}/{name}", "application/octet-stream")
    assert kept["digest"] == {"sha256": sha256_bytes(sent)}
    line = line_of(spoiled, name)
    assert (line["verdict"], line["outcome"], line["alarms"]) == ("quarantine", "quarantined", "unreadable")
    assert (line["sha256"], line["rows"], line["p_value"]) == (sha256_bytes(sent), "0", "0.0")


def test_a_header_without_rows_is_quarantined(spoiled):
    record = record_of(spoiled, HEADER_ONLY)
    assert record["predicate"]["result"] == "FAILED"
    assert any("no rows" in breach for check in record["predicate"]["checks"] for breach in check["breaches"])
    assert list(spoiled.contents("data/quarantine/east/header")) == ["data/quarantine/east/header/rows.parquet"]
    assert line_of(spoiled, HEADER_ONLY)["outcome"] == "quarantined"


def test_every_batch_has_exactly_one_record(spoiled):
    records = [path for path in spoiled.contents("data/records") if path.startswith("data/records/east/")]
    stems = sorted(["first", "header", *(name.rsplit(".", 1)[0] for name in UNREADABLE)])
    assert records == [f"data/records/east/{stem}.json" for stem in stems]


def test_the_other_batches_do_not_notice(spoiled, cleared):
    alone, beside = cleared.contents(*OTHERS), spoiled.contents(*OTHERS)
    mine, all_files = (json.loads(each.pop("data/records/checksums.json"))["files"] for each in (alone, beside))
    assert [name for name in mine if mine[name] != all_files[name]] == ["../reports/batches.csv"]
    assert alone == {path: beside[path] for path in alone}
    assert cleared.contents("data/model") == spoiled.contents("data/model")
    assert cleared.contents("data/reports/rows.parquet") == spoiled.contents("data/reports/rows.parquet")
    lines = (spoiled.root / "data/reports/batches.csv").read_text().splitlines()
    assert set((cleared.root / "data/reports/batches.csv").read_text().splitlines()) < set(lines)


def test_status_shows_the_reason(spoiled):
    done = spoiled.pratique("status")
    assert done.code == 0
    for name in UNREADABLE:
        assert f"east/{name.rsplit('.', 1)[0]}" in done.out


def test_taking_the_bad_batches_away_takes_their_traces_away(spoiled, cleared, tmp_path):
    project = spoiled.copy(tmp_path / "project")
    remove(project, *(f"data/incoming/east/{name}" for name in (*UNREADABLE, HEADER_ONLY)))
    project.stages("ingest", "validate", "train", "evaluate")
    got, expected = project.contents("data"), cleared.contents("data")
    assert got.pop("data/ledger.jsonl") != expected.pop("data/ledger.jsonl")  # the one file that remembers
    assert got == expected


@pytest.mark.parametrize("name", [*UNREADABLE, HEADER_ONLY])
def test_check_refuses_a_bad_batch(spoiled, tmp_path, name):
    out = tmp_path / "verdict.json"
    path = f"data/incoming/east/{name}"
    done = spoiled.pratique("check", path, "--json", str(out))
    assert done.code == 1
    assert done.err == ""
    assert "quarantine" in done.out
    assert path in done.out
    (verdict,) = json.loads(out.read_text(encoding="utf-8"))["batches"]
    assert (verdict["path"], verdict["verdict"], verdict["p_value"]) == (path, "quarantine", 0)
    assert verdict["alarms"]


def test_check_accepts_a_good_batch(spoiled, tmp_path):
    """As a shell sees it."""
    before = spoiled.contents(".")
    out, rows = tmp_path / "verdict.json", tmp_path / "rows.parquet"
    path = "data/incoming/east/first.csv"
    done = spoiled.run("pratique", "check", path, "--json", str(out), "--rows", str(rows))
    assert (done.code, done.err) == (0, "")
    (verdict,) = json.loads(out.read_text(encoding="utf-8"))["batches"]
    assert (verdict["path"], verdict["verdict"], verdict["alarms"]) == (path, "accept", [])
    assert 0 <= verdict["p_value"] <= 1
    table = pq.read_table(rows)
    assert table.column_names == ["path", "row", "score", "p_value", "quarantined", "reason"]
    assert table["path"].to_pylist() == [path] * 30
    assert table["row"].to_pylist() == list(range(30))
    assert table["quarantined"].to_pylist() == [False] * 30
    assert [table[name].null_count for name in table.column_names] == [0, 0, 0, 0, 0, 30]  # no row is suspect
    assert spoiled.contents(".") == before


def test_check_of_several_files_refuses_if_one_is_bad(spoiled, tmp_path):
    out, rows = tmp_path / "verdict.json", tmp_path / "rows.parquet"
    paths = ["data/incoming/east/first.csv", "data/incoming/east/torn.parquet", "data/incoming/west/second.parquet"]
    assert spoiled.pratique("check", *paths, "--json", str(out), "--rows", str(rows)).code == 1
    verdicts = json.loads(out.read_text(encoding="utf-8"))["batches"]
    assert [v["path"] for v in verdicts] == paths
    assert [v["verdict"] for v in verdicts] == ["accept", "quarantine", "accept"]
    table = pq.read_table(rows)
    assert table["path"].to_pylist() == [paths[0]] * 30 + [paths[2]] * 30


def test_check_and_the_pipeline_agree(cleared, tmp_path):
    out = tmp_path / "verdict.json"
    assert cleared.pratique("check", "data/incoming/west/second.parquet", "--json", str(out)).code == 0
    (verdict,) = json.loads(out.read_text(encoding="utf-8"))["batches"]
    record = json.loads((cleared.root / "data/records/west/second.json").read_text(encoding="utf-8"))
    assert verdict["p_value"] == record["predicate"]["pValue"]
    assert verdict["sha256"] == record["subject"][0]["digest"]["sha256"]
