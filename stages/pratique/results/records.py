"""What the last run of the pipeline wrote about each batch and each row."""

import numpy as np
import pyarrow.compute as pc

from pratique.core import paths
from pratique.provenance.record import Record
from pratique.provenance.written import read_written_record
from pratique.quarantine.tables import read_batches, read_scored_rows

MOST_WAITING = 5
"""Waiting batches that one line names."""


def read_records() -> list[Record]:
    """Every batch that the last run judged, sorted by name.

    Raises
    ------
    PratiqueError
        If the pipeline has not run, or a record is missing.
    """
    return [_read(line) for line in read_batches() if line["outcome"] != "waiting"]


def tell_waiting() -> str:
    """Which batches of the last run wait for their labels; nothing where none does."""
    names = [line["batch"] for line in read_batches() if line["outcome"] == "waiting"]
    if not names:
        return ""
    more = f" and {len(names) - MOST_WAITING:,} more" if len(names) > MOST_WAITING else ""
    verb = "batch waits for its" if len(names) == 1 else "batches wait for their"
    return f"{len(names):,} {verb} labels in {paths.LABELS}: {', '.join(names[:MOST_WAITING])}{more}."


def read_scores() -> dict[str, np.ndarray]:
    """The score of every row, by batch."""
    table = read_scored_rows(["batch", "score"])
    names = table["batch"].combine_chunks().dictionary_encode()
    codes, scores = names.indices.to_numpy(), table["score"].to_numpy()
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    parts = np.split(scores, starts[1:])
    return {names.dictionary[codes[start]].as_py(): part for start, part in zip(starts, parts, strict=False)}


def read_suspects(record: Record) -> dict[int, str]:
    """Every row of a batch that is suspect by itself, with the reason."""
    rows = read_scored_rows(["row", "reason"], record.batch)
    suspects = rows.filter(pc.is_valid(rows["reason"]))
    return dict(zip(suspects["row"].to_pylist(), suspects["reason"].to_pylist(), strict=True))


def read_held(record: Record) -> dict[int, str]:
    """The quarantined rows of a batch, each with its own reason, or with that of the batch."""
    rows = read_scored_rows(["row", "reason", "quarantined"], record.batch)
    held = rows.filter(rows["quarantined"])
    whole = f"batch: {'; '.join(record.alarms) or record.decision}"
    pairs = zip(held["row"].to_pylist(), held["reason"].to_pylist(), strict=True)
    return {row: whole if reason is None else reason for row, reason in pairs}


def _read(line: dict[str, str]) -> Record:
    return read_written_record(paths.RECORDS / f"{line['batch']}.json")
