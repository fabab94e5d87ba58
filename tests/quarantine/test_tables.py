"""The two tables over all batches, by the contract."""

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.detector.verdict import RowReason, Verdict
from pratique.quarantine.clear import ClearedSummary
from pratique.quarantine.tables import batches_csv, read_batches, rows_table, write_tables
from pratique.tables.arrival import Arrival

SHA = "ab" * 32
HEADER = "batch,source,sha256,rows,verdict,p_value,alarms,suspects,decision,outcome"


def summary(batch: str, verdict: Verdict, rows: int = 3, fault: str | None = None) -> ClearedSummary:
    arrival = Arrival(batch, f"{batch.split('/')[1]}.csv", SHA, rows, 2, fault)
    outcome = "quarantined" if verdict.verdict == "quarantine" else "accepted"
    scores, p_values = np.arange(rows) + 0.123456, np.arange(1, rows + 1) / 7
    reasons = tuple(verdict.suspects[row].text if row in verdict.suspects else None for row in range(rows))
    held = verdict.holds(rows)
    return ClearedSummary(arrival, verdict, scores, p_values, held, reasons, verdict.alarms, "", outcome)


ACCEPTED = summary("vendor/w01", Verdict("accept", 0.987654321, ()))
WARNED = summary("vendor/w02", Verdict("accept", 0.00123456, ("shift",)))
PARTIAL = summary("crowd/w01", Verdict("partial", 0.5, (), suspects={1: RowReason("schema", "too old")}))
ODD = {0: RowReason("labels", p_value=0.00123)}
QUARANTINED = summary("crowd/w02", Verdict("quarantine", 1.23456e-120, ("labels", "outliers.fault"), suspects=ODD))
UNREADABLE = summary("crowd/w03", Verdict("quarantine", 0.0, ("unreadable",)), rows=0, fault="no table")
ALL = [ACCEPTED, WARNED, PARTIAL, QUARANTINED, UNREADABLE]


def test_one_line_a_batch_by_the_contract():
    assert batches_csv(ALL).splitlines() == [
        HEADER,
        f"vendor/w01,vendor,{SHA},3,accept,0.9877,,0,,accepted",
        f"vendor/w02,vendor,{SHA},3,accept,0.001235,shift,0,,accepted",
        f"crowd/w01,crowd,{SHA},3,partial,0.5,,1,,accepted",
        f"crowd/w02,crowd,{SHA},3,quarantine,1.235e-120,labels;outliers.fault,1,,quarantined",
        f"crowd/w03,crowd,{SHA},0,quarantine,0.0,unreadable,0,,quarantined",
    ]


def test_lines_end_alike_on_every_system():
    text = batches_csv(ALL)
    assert "\r" not in text
    assert text.endswith("\n")


def test_p_values_rank_batches_however_small():
    small = [summary("a/b", Verdict("quarantine", p, ("labels",))) for p in (2e-300, 1e-300, 1e-200)]
    read = [float(row["p_value"]) for row in csv.DictReader(io.StringIO(batches_csv(small)))]
    assert np.argsort(read).tolist() == [1, 0, 2]


def test_without_batches_there_is_a_header():
    assert batches_csv([]) == HEADER + "\n"


def test_one_line_a_row_by_the_contract():
    table = rows_table(ALL, "batch", [s.arrival.batch for s in ALL])
    assert dict(zip(table.column_names, table.schema.types, strict=True)) == {
        "batch": pa.string(),
        "row": pa.int64(),
        "score": pa.float64(),
        "p_value": pa.float64(),
        "quarantined": pa.bool_(),
        "reason": pa.string(),
    }
    assert table["batch"].to_pylist() == ["vendor/w01"] * 3 + ["vendor/w02"] * 3 + ["crowd/w01"] * 3 + ["crowd/w02"] * 3
    assert table["row"].to_pylist() == [0, 1, 2] * 4
    assert table["score"].to_pylist() == pytest.approx([0.1235, 1.1235, 2.1235] * 4)
    assert table["p_value"].to_pylist() == pytest.approx([0.142857, 0.285714, 0.428571] * 4)
    assert table["quarantined"].to_pylist() == [False] * 6 + [False, True, False] + [True] * 3
    reasons = {
        7: "schema: too old",
        9: "labels: only 1 in 1,000 trusted rows have so unlikely a label",
    }  # a held batch's other rows have none
    assert table["reason"].to_pylist() == [reasons.get(line) for line in range(12)]


@pytest.mark.parametrize("summaries", [[], [UNREADABLE]], ids=["no batch", "no rows"])
def test_without_rows_the_columns_are_the_same(summaries):
    table = rows_table(summaries, "path", [s.arrival.batch for s in summaries])
    assert table.num_rows == 0
    assert table.column_names == ["path", "row", "score", "p_value", "quarantined", "reason"]
    assert table.schema.types == rows_table(ALL, "path", ["x"] * 5).schema.types


def test_both_are_written_where_the_contract_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_tables(ALL)
    assert paths.BATCHES_CSV.as_posix() == "data/reports/batches.csv"
    assert paths.ROWS_PARQUET.as_posix() == "data/reports/rows.parquet"
    assert paths.BATCHES_CSV.read_text(encoding="utf-8") == batches_csv(ALL)
    assert pq.read_table(paths.ROWS_PARQUET).equals(rows_table(ALL, "batch", [s.arrival.batch for s in ALL]))
    first = paths.ROWS_PARQUET.read_bytes()
    write_tables(ALL)
    assert paths.ROWS_PARQUET.read_bytes() == first


@pytest.fixture
def written(tmp_path, monkeypatch, list_written):
    monkeypatch.chdir(tmp_path)
    write_tables(ALL)
    list_written()
    return paths.BATCHES_CSV


def test_lines_are_read_as_they_were_written(written):
    assert list(csv.DictReader(io.StringIO(batches_csv(ALL)))) == read_batches()


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        HEADER.encode()[:-3],
        HEADER.encode() + b"\ncrowd/w01,crowd\n",
        b"\xff\x00\n",
        HEADER.encode() + b'\n"' + b"x" * 200_000,
    ],
)
def test_a_table_of_another_form_is_named(written, damaged, list_written):
    written.write_bytes(damaged)
    list_written()
    with pytest.raises(PratiqueError, match=r"batches\.csv: not as"):
        read_batches()


def test_a_missing_table_says_what_to_run(written):
    written.unlink()
    with pytest.raises(PratiqueError, match="pratique validate"):
        read_batches()
