"""A team's own project: batches that arrive one after another give the same bytes as all of them at once."""

import csv
import json

import pytest
from pratique.core.hashing import sha256_file

OUTPUTS = ("data/accepted", "data/quarantine", "data/records", "data/reports")
FLIPPED = ("east/b", "west/d")
TORN = "west/torn"
STEPS = (("west/b", "east/a", "east/b", TORN, "west/c"), ("east/c", "west/d", "west/a", "east/d"))
"""Batches in the order in which they arrive: neither by name nor source by source."""


def write_batch(project, make_rows, name):
    """One of nine batches; every other one comes as Parquet, with an id of another type than in CSV."""
    number = [batch for step in STEPS for batch in step].index(name)
    frame = make_rows(30, seed=10 + number, flipped=0.5 if name in FLIPPED else 0)
    frame.insert(0, "key", range(1000 * number, 1000 * number + 30))
    if name == TORN or number % 2:
        path = project.path(f"data/incoming/{name}.parquet")
        frame.to_parquet(path, index=False)
        if name == TORN:
            path.write_bytes(path.read_bytes()[:-100])
    else:
        frame.to_csv(project.path(f"data/incoming/{name}.csv"), index=False)


@pytest.fixture(scope="module")
def empty(new_project, make_rows):
    """A repository as `pratique init` leaves it, with an id column, and no batch yet."""
    project = new_project()
    for name, rows, seed in (("trusted", 200, 1), ("data/holdout/rows", 60, 2)):
        frame = make_rows(rows, seed)
        frame.insert(0, "key", range(seed * 10**6, seed * 10**6 + rows))
        frame.to_csv(project.path(f"{name}.csv"), index=False)
    project.ok("git", "init", "-q")
    project.ok("dvc", "init", "-q")
    project.ok("pratique", "init", ".", "--from", "trusted.csv", "--label", "y")
    assert (project.root / "params.yaml").read_text(encoding="utf-8").count('id: "key"') == 1
    project.simplify()
    project.commit()
    return project


@pytest.fixture(scope="module")
def incremental(empty, make_rows, tmp_path_factory):
    """Two steps with a run and a commit after each."""
    project = empty.copy(tmp_path_factory.mktemp("incremental") / "project")
    for step in STEPS:
        for name in step:
            write_batch(project, make_rows, name)
        project.ok("dvc", "repro", *(["evaluate"] if step != STEPS[-1] else []))
        project.commit()
    return project


@pytest.fixture(scope="module")
def at_once(empty, make_rows, tmp_path_factory):
    """All batches, one run; the folder has another name and the batches were written in another order."""
    project = empty.copy(tmp_path_factory.mktemp("once") / "another-name")
    for name in sorted((name for step in STEPS for name in step), reverse=True):
        write_batch(project, make_rows, name)
    project.stages("calibrate", "ingest", "validate", "train", "evaluate", "audit", "drill", "report")
    return project


@pytest.mark.parametrize("place", OUTPUTS)
def test_two_steps_give_the_bytes_of_one(incremental, at_once, place):
    got, expected = incremental.contents(place), at_once.contents(place)
    got = {path: data for path, data in got.items() if not path.endswith(".gitignore")}  # DVC's
    assert list(got) == list(expected)
    assert [path for path in expected if got[path] != expected[path]] == []


def test_model_and_profile_are_the_same_too(incremental, at_once):
    assert incremental.contents("data/profile", "data/model") == at_once.contents("data/profile", "data/model")


PREDECESSORS = {
    "east/a": None,
    "east/b": "east/a.parquet",
    "east/c": "east/b.csv",
    "east/d": "east/c.parquet",
    "west/a": None,
    "west/b": "west/a.parquet",
    "west/c": "west/b.csv",
    "west/d": "west/c.csv",
    "west/torn": "west/d.csv",
}


def test_each_record_names_the_batch_before_it_of_its_source(at_once):
    for batch, before in PREDECESSORS.items():
        record = json.loads((at_once.root / f"data/records/{batch}.json").read_bytes())
        named = before and f"data/incoming/{before}"
        expected = named and {"name": named, "digest": {"sha256": sha256_file(at_once.root / named)}}
        assert record["predicate"]["predecessor"] == expected


def test_the_poison_was_there_to_be_found(at_once):
    with (at_once.root / "data/reports/batches.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["batch"] for line in lines] == sorted(name for step in STEPS for name in step)
    assert [line["batch"] for line in lines if line["outcome"] == "quarantined"] == sorted((*FLIPPED, TORN))


def test_a_committed_run_leaves_nothing_to_do(incremental):
    assert incremental.ok("git", "status", "--porcelain") == ""
    assert "Data and pipelines are up to date." in incremental.ok("dvc", "repro")


def test_outputs_are_versioned_by_dvc_not_by_git(incremental):
    tracked = incremental.ok("git", "ls-files", "data").splitlines()
    for folder in ("profile", "batches", "accepted", "quarantine", "records", "model", ".cache"):
        assert not [path for path in tracked if path.startswith(f"data/{folder}/")]
    assert "data/reports/metrics.json" in tracked
