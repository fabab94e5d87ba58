"""Rows that came before, through the pipeline and at the gate: told in words, held where policy says so."""

import json
import shutil

import pytest

pytestmark = pytest.mark.slow

SAID = "38 of 40 rows stand in east/first already"


@pytest.fixture
def again(make_rows):
    """The rows of east/first in another order, two of them with another size."""
    frame = make_rows(40, seed=3).sample(frac=1, random_state=1)
    frame.iloc[[4, 30], 0] += 0.5
    return frame


def record(change, batch):
    return json.loads((change.root / f"data/records/{batch}.json").read_bytes())["predicate"]


def test_the_pipeline_warns_of_rows_that_came_before_and_says_where(change, again):
    change.bring(again, "west/next.csv")
    change.stages("ingest", "validate")
    assert change.line("west/next")["alarms"] == "resent"
    assert change.line("west/next")["outcome"] == "accepted"
    assert record(change, "west/next")["repeats"] == {
        "batch": "east/first", "shared": 38, "rows": 40, "exact": True, "rejected": False,
    }  # fmt: skip
    assert record(change, "east/first")["repeats"] is None
    for command in (["status"], ["explain", "west/next"], ["review", "show", "west/next"]):
        assert SAID in " ".join(change.pratique(*command).out.split())
    kept = change.contents("data/records", "data/reports/batches.csv")
    shutil.rmtree(change.root / "data/.cache")
    change.stages("validate")
    assert change.contents("data/records", "data/reports/batches.csv") == kept


def test_policy_holds_what_the_same_source_sent_before_and_a_release_lifts_that(change, again):
    change.edit("params.yaml", "resent: warn", "resent: quarantine")
    change.bring(again, "east/next.csv")
    change.bring(again, "west/next.csv")
    change.stages("ingest", "validate")
    assert [change.line(f"{source}/next")["outcome"] for source in ("east", "west")] == ["quarantined", "accepted"]
    assert change.pratique("review", "release", "east/next", "--reason", "meant so").code == 0
    change.stages("validate")
    assert change.line("east/next")["outcome"] == "accepted"


def test_at_the_gate_what_the_change_brings_is_the_repeat_whatever_it_is_called(change, again):
    change.policy("params.yaml", "resent: warn", "resent: quarantine")
    change.bring(again, "east/a.csv")
    change.commit()
    for _ in range(2):  # the second time with what was kept of the old batches
        assert change.gate().code == 1
        assert change.batch("east/a")["reasons"] == [SAID]
    change.ok("git", "mv", "data/incoming/east/a.csv", "data/incoming/west/a.csv")
    change.commit()
    assert change.gate().code == 0
    assert change.batch("west/a")["reasons"] == [SAID]


def test_a_corrected_delivery_under_the_same_name_is_no_repeat_at_the_gate(change, again):
    """What it replaces was accepted, so that a reviewer's word is asked for; that is all."""
    change.policy("params.yaml", "resent: warn", "resent: quarantine")
    change.bring(again, "east/first.csv")
    change.commit()
    assert change.gate().code == 1
    assert change.batch("east/first")["reasons"] == []
    assert list(change.refused()) == ["data/incoming/east/first.csv"]
    assert change.refused()["data/incoming/east/first.csv"].startswith("replaces east/first, which was accepted")


def test_rejected_rows_that_come_again_with_edits_are_held(poisoned, flipped):
    poisoned.by("rita").decide("reject", "east/bad", "--reason", "flipped labels")
    poisoned.ok("git", "branch", "-q", "-f", "main")
    edited = flipped.sample(frac=1, random_state=5)
    edited.iloc[0, 0] += 1
    poisoned.bring(edited, "east/a.csv")
    poisoned.commit()
    assert poisoned.gate().code == 1
    rows = len(edited)
    assert f"{rows - 1} of {rows} rows stand in east/bad already, which somebody rejected" in " ".join(
        poisoned.batch("east/a")["reasons"]
    )
    poisoned.stages("ingest", "validate")
    assert "resent" in poisoned.line("east/a")["alarms"].split(";")


def test_rejected_rows_are_known_although_their_bytes_came_under_a_name_that_reads_otherwise(poisoned, flipped):
    """What is kept of a file is of these bytes read like this; a Parquet file of them holds no rows."""
    poisoned.by("rita").decide("reject", "east/bad", "--reason", "flipped labels")
    poisoned.ok("git", "branch", "-q", "-f", "main")
    shutil.copyfile(poisoned.root / "data/incoming/east/bad.csv", poisoned.root / "data/incoming/west/z.parquet")
    poisoned.commit()
    assert poisoned.gate().code == 1
    (poisoned.root / "data/incoming/west/z.parquet").unlink()
    edited = flipped.sample(frac=1, random_state=5)
    edited.iloc[0, 0] += 1
    poisoned.bring(edited, "east/a.csv")
    poisoned.commit()
    assert poisoned.gate().code == 1
    assert "which somebody rejected" in " ".join(poisoned.batch("east/a")["reasons"])


def test_once_people_decided_on_a_held_batch_its_source_starts_anew(poisoned, make_rows):
    """Two batches with half of the labels flipped bring the stream to its alarm, unless the first was dealt with."""
    poisoned.bring(make_rows(40, seed=8, flipped=0.5), "east/another.csv")
    poisoned.stages("ingest", "validate")
    assert poisoned.line("east/bad")["alarms"].split(";")[-1] == "stream"
    assert poisoned.pratique("review", "reject", "east/another", "--reason", "flipped labels").code == 0
    poisoned.stages("validate")
    assert "stream" not in poisoned.line("east/bad")["alarms"]
