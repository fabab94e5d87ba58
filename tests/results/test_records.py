"""What a run left on disk about batches and rows, read back."""

import numpy as np
import pyarrow as pa
import pytest
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.writing import write_csv, write_table
from pratique.quarantine.tables import BATCH_COLUMNS
from pratique.results.records import read_held, read_records, read_scores, read_suspects

OWN = "labels: only 10 in 1,000 trusted rows have so unlikely a label"
ROWS = {
    "batch": ["crowd/w01"] * 3 + ["crowd/w02"] * 2,
    "row": [0, 1, 2, 0, 1],
    "score": [0.5, 3.0, 0.25, 1.0, 2.0],
    "quarantined": [True, True, True, False, True],
    "reason": [None, OWN, None, None, "schema: too old"],
}


@pytest.fixture
def run(tmp_path, monkeypatch, make_record, list_written):
    """A batch that waits, and one of which a row is held."""
    monkeypatch.chdir(tmp_path)
    partial = {"verdict": "partial", "outcome": "accepted", "held_rows": 1, "alarms": ()}
    records = [make_record(rows=3), make_record(batch="crowd/w02", rows=2, **partial)]
    for record in records:
        record.write()
    lines = [dict.fromkeys(BATCH_COLUMNS, "") | {"batch": record.batch} for record in records]
    lines[1]["decision"] = "release"
    write_csv(paths.BATCHES_CSV, [BATCH_COLUMNS, *(line.values() for line in lines)])
    write_table(paths.ROWS_PARQUET, pa.table(ROWS))
    list_written()
    return records


def test_records_come_back_as_they_were_written(run):
    assert read_records() == run


def test_suspects_are_the_rows_with_a_reason_of_their_own(run):
    assert [read_suspects(record) for record in run] == [{1: OWN}, {1: "schema: too old"}]


def test_held_rows_have_their_own_reason_or_that_of_the_batch(run, make_record):
    assert read_held(run[0]) == {0: "batch: labels", 1: OWN, 2: "batch: labels"}
    assert read_held(run[1]) == {1: "schema: too old"}
    rejected = make_record(rows=3, alarms=(), decision="reject")
    assert read_held(rejected)[0] == "batch: reject"


def test_scores_are_those_of_each_batch(run):
    scores = read_scores()
    assert list(scores) == ["crowd/w01", "crowd/w02"]
    np.testing.assert_array_equal(scores["crowd/w01"], [0.5, 3.0, 0.25])
    np.testing.assert_array_equal(scores["crowd/w02"], [1.0, 2.0])


def test_what_is_missing_is_named_with_what_to_do(run):
    run[1].path.unlink()
    with pytest.raises(PratiqueError, match=r"crowd/w02\.json: not here; run `pratique validate`"):
        read_records()
    paths.ROWS_PARQUET.unlink()
    for read in (read_suspects, read_held):
        with pytest.raises(PratiqueError, match=r"rows\.parquet: not here; run `pratique validate`"):
            read(run[0])
