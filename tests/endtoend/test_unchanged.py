"""Batches that an earlier run cleared: left alone, and yet the bytes are those of a run from scratch."""

import shutil

import pytest
from pratique.core.processes import map_in_processes
from pratique.detector.detector import Detector
from pratique.quarantine import ahead, clear

pytestmark = pytest.mark.slow

OUTPUTS = ("data/accepted", "data/quarantine", "data/records", "data/reports/batches.csv", "data/reports/rows.parquet",
           "data/ledger.jsonl")  # fmt: skip


@pytest.fixture
def project(cleared, tmp_path):
    return cleared.copy(tmp_path / "project")


@pytest.fixture
def read(monkeypatch):
    """The batches whose rows are read in this process."""
    found, read_batch = [], clear.read_batch
    monkeypatch.setattr(
        clear, "read_batch", lambda arrival, _: (found.append(arrival.batch), read_batch(arrival, _))[1]
    )
    return found


def validate(project):
    done = project.pratique("validate")
    assert done.code == 0, done
    return done


def from_scratch(project, folder):
    """The outputs of the same inputs without anything kept, after the ledger of the project."""
    other = project.copy(folder)
    for place in ("data/.cache", "data/accepted", "data/quarantine", "data/records"):
        shutil.rmtree(other.root / place, ignore_errors=True)
    validate(other)
    return other.contents(*OUTPUTS)


def test_nothing_is_read_and_no_profile_loaded_where_nothing_changed(project, read, monkeypatch):
    before = project.contents(*OUTPUTS)
    monkeypatch.setattr(Detector, "load", lambda *_: pytest.fail("the profile was loaded"))
    validate(project)
    assert read == []
    assert project.contents(*OUTPUTS) == before


def test_a_new_batch_is_read_alone(project, read, make_rows, tmp_path):
    make_rows(30, seed=50).to_csv(project.path("data/incoming/north/new.csv"), index=False)
    project.stages("ingest")
    validate(project)
    assert set(read) == {"north/new"}
    assert project.contents(*OUTPUTS) == from_scratch(project, tmp_path / "other")


def test_a_batch_that_comes_between_changes_the_record_after_it(project, read, make_rows, tmp_path):
    """east/first has none before it; then it has one."""
    make_rows(30, seed=50).to_csv(project.path("data/incoming/east/early.csv"), index=False)
    project.stages("ingest")
    validate(project)
    assert set(read) == {"east/early", "east/first"}
    assert b"early.csv" in (project.root / "data/records/east/first.json").read_bytes()
    assert project.contents(*OUTPUTS) == from_scratch(project, tmp_path / "other")


def test_a_batch_that_sends_the_same_rows_is_seen_by_both(project, read, tmp_path):
    shutil.copyfile(project.path("data/incoming/east/first.csv"), project.path("data/incoming/north/again.csv"))
    project.stages("ingest")
    validate(project)
    assert project.contents(*OUTPUTS) == from_scratch(project, tmp_path / "other")


def test_outputs_that_somebody_changed_are_put_right(project):
    before = project.contents(*OUTPUTS)
    (project.root / "data/accepted/east/first.parquet").write_bytes(b"other rows")
    (project.root / "data/records/east/first.json").write_bytes(b"{}")
    (project.root / "data/accepted/west/second.parquet").unlink()
    (project.root / "data/accepted/west/stray.parquet").write_bytes(b"stray")
    validate(project)
    assert project.contents(*OUTPUTS) == before


def test_another_budget_judges_every_batch_anew_and_measures_none(project, read, monkeypatch, tmp_path):
    params = project.path("params.yaml")
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("per_1000_batches: 10 ", "per_1000_batches: 100 "), encoding="utf-8")
    monkeypatch.setattr(Detector, "examine", lambda *_: pytest.fail("a batch was measured"))
    validate(project)
    assert set(read) == {"east/first", "west/second"}
    monkeypatch.undo()
    assert project.contents(*OUTPUTS) == from_scratch(project, tmp_path / "other")


def test_two_processes_give_the_bytes_of_one(project, monkeypatch, tmp_path):
    """What no run has examined is examined by both, each batch once."""
    expected = from_scratch(project, tmp_path / "other")
    monkeypatch.setattr(ahead, "WORTH_SECONDS", 0.0)
    started = []
    monkeypatch.setattr(ahead, "map_in_processes", lambda *given: started.append(given) or map_in_processes(*given))
    assert from_scratch(project, tmp_path / "parallel") == expected
    ((_, arrivals, processes, *_),) = started
    assert (processes, len(arrivals)) == (2, len({arrival.batch for arrival in arrivals}))
    examined = "data/.cache/examinations"
    one, two = (sorted(tmp_path.glob(f"{folder}/{examined}/*")) for folder in ("other", "parallel"))
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def test_few_batches_start_no_process(project, monkeypatch, tmp_path):
    monkeypatch.setattr(ahead, "map_in_processes", lambda *_: pytest.fail("a process was started"))
    from_scratch(project, tmp_path / "other")
