"""Every row of a batch lands in exactly one of accepted and quarantine, as it came."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_file
from pratique.core.layout import Layout
from pratique.detector.examine import Examination
from pratique.detector.verdict import RowReason, Verdict
from pratique.provenance.record import Record
from pratique.quarantine.clear import ClearedBatch
from pratique.quarantine.recording import Configuration, Upstream
from pratique.quarantine.store import REASON_COLUMN, ROW_COLUMN, store
from pratique.tables.arrival import Arrival

LAYOUT = Layout("kind", {"petals": "integer", "length": "real", "colour": "category"})
JUDGED_BY = Configuration({"params": "a" * 64}, 0)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(2**53, 2**60).map(str),
            "kind": st.sampled_from(["a", "b"]),
            "colour": st.none()
            | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5),
            "length": st.none() | st.floats(-1e6, 1e6).map(repr),
            "petals": st.none() | st.integers(-(10**17), 10**17).map(str),
        }
    ),
    min_size=1,
    max_size=12,
)


def cleared(rows: list[dict[str, str | None]], verdict: str, suspects: dict[int, RowReason]) -> ClearedBatch:
    table = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in rows[0]]))
    batch = Batch("garden/monday", table, LAYOUT)
    arrival = Arrival(batch.name, "monday.csv", "b" * 64, len(rows), table.num_columns)
    examination = Examination((), np.zeros(len(rows)), np.ones(len(rows)), ("labels",) * len(rows), {})
    return ClearedBatch(arrival, batch, examination, Verdict(verdict, 0.5, (), (), suspects))


def stored(result: ClearedBatch) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    files, record = store(result, JUDGED_BY, Upstream())
    assert [digest for _, digest in files] == [sha256_file(path) for path, _ in files]
    assert Record.read(record.path) == record
    accepted = paths.ACCEPTED / "garden/monday.parquet"
    held = paths.QUARANTINE / "garden/monday/rows.parquet"
    return tuple(pq.read_table(path).to_pylist() if path.exists() else [] for path in (accepted, held))


@pytest.fixture
def here(tmp_path_factory, monkeypatch):
    def fresh() -> Path:
        folder = tmp_path_factory.mktemp("project")
        monkeypatch.chdir(folder)
        return folder

    return fresh


def test_every_row_is_in_exactly_one_place(here):
    @given(rows=ROWS, verdict=st.sampled_from(["accept", "partial", "quarantine"]), data=st.data())
    def law(rows, verdict, data):
        here()
        some = data.draw(st.sets(st.integers(0, len(rows) - 1), min_size=1))
        suspects = {} if verdict == "accept" else dict.fromkeys(sorted(some), RowReason("labels", "odd"))
        accepted, held = stored(cleared(rows, verdict, suspects))

        expected = set() if verdict == "accept" else set(range(len(rows))) if verdict == "quarantine" else set(suspects)
        assert {row[ROW_COLUMN] for row in held} == expected
        for row in held:
            assert {name: row[name] for name in rows[0]} == rows[row[ROW_COLUMN]]  # cell by cell, as it came
        kept = [row for i, row in enumerate(rows) if i not in expected]
        assert [row["id"] for row in accepted] == [row["id"] for row in kept]
        for got, came in zip(accepted, kept, strict=True):
            assert got["petals"] == (None if came["petals"] is None else int(came["petals"]))
            assert got["length"] == (None if came["length"] is None else float(came["length"]))
            assert (got["colour"], got["kind"]) == (came["colour"], came["kind"])

    law()


def test_accepted_columns_are_typed_and_in_the_reference_s_order(here):
    here()
    stored(cleared([{"id": "1", "kind": "a", "colour": "red", "length": "1.5", "petals": "3"}], "accept", {}))
    schema = pq.read_schema(paths.ACCEPTED / "garden/monday.parquet")
    assert schema.names == ["petals", "length", "colour", "kind", "id"]
    assert schema.types == [pa.int64(), pa.float64(), pa.string(), pa.string(), pa.string()]


def test_each_held_row_says_why_and_the_rest_follow_the_batch(here):
    here()
    row = {"id": "1", "kind": "a", "colour": None, "length": "1", "petals": "1"}
    odd = {1: RowReason("labels", "odd")}
    result = cleared([row, row], "quarantine", odd)
    verdict = Verdict("quarantine", 0.0, ("labels", "rows"), (), odd)
    _, held = stored(ClearedBatch(result.arrival, result.batch, result.examination, verdict))
    assert [r[REASON_COLUMN] for r in held] == ["batch: labels; rows", "labels: odd"]


def test_a_batch_keeps_a_column_that_has_our_name(here):
    here()
    row = {"id": "1", "kind": "a", "colour": None, "length": "1", "petals": "1", ROW_COLUMN: "mine"}
    _, held = stored(cleared([row], "quarantine", {}))
    assert held[0][ROW_COLUMN] == "mine"
    assert held[0][f"{ROW_COLUMN}_"] == 0


def test_bytes_that_are_no_table_are_kept_as_they_came(here, list_written):
    original = here() / paths.BATCHES / "garden/monday.original"
    original.parent.mkdir(parents=True)
    original.write_bytes(b"\x00\xffno table")
    list_written()
    arrival = Arrival("garden/monday", "monday.csv", "c" * 64, fault="monday.csv: NUL byte at offset 0")
    cleared = ClearedBatch(arrival, None, None, Verdict("quarantine", 0.0, ("unreadable",)))
    store(cleared, JUDGED_BY, Upstream())
    original.write_bytes(b"\x00\xfeno table")
    with pytest.raises(
        PratiqueError, match=r"garden/monday\.original: not as it was written .*; run `pratique ingest`"
    ):
        store(cleared, JUDGED_BY, Upstream())
    assert (paths.QUARANTINE / "garden/monday/monday.csv").read_bytes() == b"\x00\xffno table"
