"""`pratique export` on a team's own repository: the same wherever it is cloned, and plain words where it can't."""

import json
from datetime import UTC, datetime

import pytest

pytestmark = pytest.mark.slow

FORMATS = ("openlineage", "prov")


def times(text):
    return {json.loads(line)["eventTime"] for line in text.splitlines()}


def test_the_time_is_that_of_the_commit_that_brought_the_run(change, clean):
    committed = change.ok("git", "log", "-1", "--format=%cI", "main").strip()
    assert times(change.pratique("export", "openlineage").out) == {committed}
    change.bring(clean, "east/good.csv")
    change.stages("ingest", "validate", "train")
    (now,) = times(change.pratique("export", "openlineage").out)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(now)).total_seconds()) < 60
    change.commit()
    (then,) = times(change.pratique("export", "openlineage").out)
    assert then == change.ok("git", "log", "-1", "--format=%cI").strip()


@pytest.mark.parametrize("form", FORMATS)
def test_a_committed_run_gives_the_same_bytes_again_and_elsewhere(change, tmp_path, form):
    printed = change.pratique("export", form)
    assert printed.code == 0, printed
    assert change.pratique("export", form, "-").out == printed.out
    assert change.pratique("export", form, "out/lineage.json").out == ""
    assert change.path("out/lineage.json").read_text(encoding="utf-8") == printed.out
    assert change.copy(tmp_path / "elsewhere").pratique("export", form).out == printed.out


def test_a_namespace_stands_in_every_event(change):
    lines = change.pratique("export", "openlineage", "--namespace", "mail/spam").out.splitlines()
    assert {json.loads(line)["job"]["namespace"] for line in lines} == {"mail/spam"}
    assert "urn:pratique:mail%2Fspam:" in change.pratique("export", "prov", "--namespace", "mail/spam").out


@pytest.mark.parametrize("form", FORMATS)
def test_a_folder_is_no_file_to_write(change, form):
    before = change.contents("data")
    assert change.pratique("export", form, "data").complaint == (
        "data: a folder; name a file to write, or - for standard output"
    )
    assert change.contents("data") == before


@pytest.mark.parametrize("form", FORMATS)
def test_a_pipeline_that_has_not_run_is_named(project, form):
    project.path("params.yaml").write_text("data: {label: y}\nchecks: {}\n", encoding="utf-8")
    said = project.pratique("export", form, "out.json").complaint
    assert said == "data/records/checksums.json: not found; run `pratique validate` (or `dvc repro`) first"
    assert not (project.root / "out.json").exists()


def test_an_unknown_format_is_refused_with_those_that_there_are(project):
    done = project.run("pratique", "export", "xml")
    assert done.code == 2
    assert "openlineage" in done.err
    assert "prov" in done.err


def test_what_verify_would_refuse_is_not_exported(change):
    change.edit("data/records/west/second.json", '"verdict": "accept"', '"verdict": "partial"')
    assert "data/records/west/second.json: not as it was written" in (change.pratique("export", "prov").complaint)
