"""Erasing a batch: what is cut off on the way is the same erasure when it is asked for again."""

import pytest
from pratique.core import paths
from pratique.core.params import DataParams
from pratique.decisions.erasure import read_erasures
from pratique.quarantine import erasing
from pratique.quarantine.erasing import plan_erasure, remove_made

DATA = DataParams(label="y", id="id")
FILE = paths.INCOMING / "east/a.csv"
MADE = (paths.ACCEPTED / "east/a.parquet", paths.QUARANTINE / "east/a/rows.parquet", paths.RECORDS / "east/a.json")
OTHERS = (paths.ACCEPTED / "east/a.b.parquet", paths.QUARANTINE / "east/ab/rows.parquet")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pratique.provenance.git.read_identity", lambda: "Rita <rita@example.org>")
    monkeypatch.setattr("pratique.provenance.signing.reviewer_key", lambda: None)
    for path in (FILE, *MADE, *OTHERS):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"id,y\n1,a\n2,b\n")


def test_what_was_made_of_the_batch_goes_and_nothing_of_another():
    remove_made("east/a")
    assert not any(path.exists() for path in MADE)
    assert all(path.is_file() for path in OTHERS)


def test_an_erasure_that_is_cut_off_is_made_again(monkeypatch):
    def fail(batch):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasing, "remove_made", fail)
        with pytest.raises(KeyboardInterrupt):
            plan_erasure(FILE, [0], "asked for", DATA).carry_out()
    plan_erasure(FILE, [0], "asked for", DATA).carry_out()
    assert FILE.read_bytes() == b"id,y\n2,b\n"
    assert [line.content.rows for line in read_erasures()] == [1]


def test_all_rows_are_the_whole_batch():
    plan = plan_erasure(FILE, [1, 0], "asked for", DATA)
    assert (plan.content.after, plan.content.rows, plan.changed) == (None, 2, {FILE: None})


def test_a_batch_that_cannot_be_read_goes_whole():
    FILE.write_bytes(b"id,y\n1\n")
    plan = plan_erasure(FILE, None, "asked for", DATA)
    assert (plan.content.after, plan.content.rows, plan.changed) == (None, None, {FILE: None})
