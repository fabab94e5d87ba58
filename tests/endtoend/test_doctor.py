"""What `pratique doctor` finds, from an empty folder to a pipeline in which all is well."""

from importlib import metadata
from itertools import pairwise

import pytest

pytestmark = pytest.mark.slow


def missing(project):
    """What is to mend by place, with what mends it; and the exit code."""
    done = project.pratique("doctor")
    lines = done.out.splitlines()
    found = {}
    for line, after in pairwise(lines):
        if line.startswith("to mend"):
            place, said = line.removeprefix("to mend").strip().split(": ", 1)
            found[place] = after.strip() if after.strip().startswith("→") else said
    looked_at = sum(line.startswith(("ok ", "to mend ")) for line in lines)
    assert done.code == (1 if found else 0), done
    assert lines[-1] == ("All is well." if not found else f"{len(found)} of {looked_at} to mend.")
    return found


def test_an_empty_folder_says_how_to_begin(new_project):
    found = missing(new_project())
    assert found["git repository"] == "→ `git init`"
    assert found["DVC repository"] == "→ `dvc init`"
    assert "`pratique init`" in found["pipeline"]


def test_a_pipeline_is_led_to_where_all_is_well(cleared, tmp_path):
    project = cleared.copy(tmp_path / "project")
    project.ok("git", "init", "-q")
    project.ok("dvc", "init", "-q")
    assert missing(project).keys() == {"DVC remote", "reviewers", "pages"}
    project.stages("report")
    project.set_up()
    project.ok("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    project.ok("dvc", "commit", "-q", "-f", "calibrate")
    assert missing(project) == {}
    trusted = project.root / "data/reference/trusted.csv"
    trusted.write_text("".join(trusted.read_text().splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert list(missing(project)) == ["profile"]
    (project.root / "params.yaml").write_text("checks: 7\n", encoding="utf-8")
    assert missing(project).keys() == {"pipeline"}


def test_what_can_not_be_read_is_said_in_its_own_words(initialised, tmp_path):
    project = initialised.copy(tmp_path / "project")
    project.ok("git", "init", "-q")
    found = missing(project)
    assert found["profile"] == "data/profile: no profile; run `pratique calibrate` (or `dvc repro`) first"
    assert "trouble" not in project.pratique("doctor").out
    assert "ok       your key: none is needed" in project.pratique("doctor").out
    assert project.pratique("settle").complaint == "nothing is committed here yet; commit first"


def test_a_lost_key_is_missed(cleared, tmp_path):
    project = cleared.copy(tmp_path / "project").by("nora")
    project.ok("git", "init", "-q")
    project.set_up()
    for key in project.home.rglob("reviewer_key"):
        key.unlink()
    assert "PRATIQUE_SIGNING_KEY" in missing(project)["your key"]


def test_where_dvc_is_missing_that_is_said(cleared, tmp_path, monkeypatch):
    project = cleared.copy(tmp_path / "project")
    known = metadata.version

    def version(name):
        if name == "dvc":
            raise metadata.PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(metadata, "version", version)
    assert missing(project)["DVC"].startswith("→ install pratique anew")
    assert "profile: there; no dvc.lock says what it was learned from" in project.pratique("doctor").out
