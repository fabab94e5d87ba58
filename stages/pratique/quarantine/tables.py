"""The two tables over all batches: one row a batch for people and CI, one row a row for machines."""

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pratique.core import paths
from pratique.core.checksums import Checksums
from pratique.core.errors import PratiqueError
from pratique.core.writing import csv_text, round_floats, write_table, write_text

if TYPE_CHECKING:
    from pratique.quarantine.clear import ClearedSummary

BATCH_COLUMNS = (
    "batch", "source", "sha256", "rows", "verdict", "p_value", "alarms", "suspects", "decision", "outcome",
)  # fmt: skip
SCORE_DECIMALS = 4


def write_tables(cleared: Sequence["ClearedSummary"]) -> None:
    """Write data/reports/batches.csv and data/reports/rows.parquet."""
    write_text(paths.BATCHES_CSV, batches_csv(cleared))
    write_table(paths.ROWS_PARQUET, rows_table(cleared, "batch", [c.arrival.batch for c in cleared]))


def batches_csv(cleared: Sequence["ClearedSummary"]) -> str:
    """One line a batch, in the order given."""
    lines = [
        (
            c.arrival.batch,
            c.arrival.source,
            c.arrival.sha256,
            c.arrival.rows,
            c.said,
            None if c.arrival.waits else round_floats(c.verdict.p_value, 4),
            ";".join(c.codes),
            len(c.verdict.suspects),
            c.decision,
            c.outcome,
        )
        for c in cleared
    ]
    return csv_text([BATCH_COLUMNS, *lines])


def read_batches() -> list[dict[str, str]]:
    """The lines of data/reports/batches.csv.

    Raises
    ------
    PratiqueError
        If it is missing, or is not as it was written.
    """
    place = paths.BATCHES_CSV
    text = Checksums.read(paths.RECORDS).read_bytes(place).decode("utf-8", "replace")
    try:
        header, *lines = csv.reader(io.StringIO(text, newline=""))
        if tuple(header) != BATCH_COLUMNS:
            raise ValueError("other columns")
        return [dict(zip(header, line, strict=True)) for line in lines]
    except (csv.Error, ValueError) as error:
        raise PratiqueError(f"{place}: not as `pratique validate` wrote it; run it (or `dvc repro`) again") from error


def read_scored_rows(columns: list[str], batch: str | None = None) -> pa.Table:
    """Columns of data/reports/rows.parquet, the rows of one batch alone where one is named.

    Raises
    ------
    PratiqueError
        If it is missing, or is not as it was written.
    """
    data = Checksums.read(paths.RECORDS).read_bytes(paths.ROWS_PARQUET)
    chosen = None if batch is None else [("batch", "==", batch)]
    return pq.read_table(pa.BufferReader(data), columns=columns, filters=chosen)


def rows_table(cleared: Sequence["ClearedSummary"], key: str, names: Sequence[str]) -> pa.Table:
    """One line a row: the batch's name under `key`, position, score, p-value, whether it is held back, own reason.

    A row that was not measured, because the verdict on its batch stands, has neither score nor p-value.
    """
    lengths = [len(c.row_scores) for c in cleared]

    def column(parts: list[np.ndarray], kind: pa.DataType) -> pa.Array:
        return pa.array(np.concatenate(parts) if parts else np.zeros(0), kind, from_pandas=True)

    return pa.table(
        {
            key: pa.array(np.repeat(np.array(names, dtype=object), lengths), pa.string()),
            "row": column([np.arange(n) for n in lengths], pa.int64()),
            "score": column([np.round(c.row_scores, SCORE_DECIMALS) for c in cleared], pa.float64()),
            "p_value": column([np.round(c.row_p_values, SCORE_DECIMALS + 2) for c in cleared], pa.float64()),
            "quarantined": column([c.held for c in cleared], pa.bool_()),
            "reason": pa.array([reason for c in cleared for reason in c.reasons], pa.string()),
        }
    )
