"""Writing a cleared batch: accepted rows, quarantined rows or bytes, and the record. Every row in exactly one place."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.hashing import sha256_file
from pratique.core.writing import write_bytes, write_table
from pratique.provenance.record import Record
from pratique.quarantine.clear import ClearedBatch
from pratique.quarantine.recording import Configuration, Upstream, make_record
from pratique.tables.ingested import list_originals, read_original

ROW_COLUMN = "pratique_row"
UNREAD_LABELS = "_labels.csv"
"""The labels of a batch that can't be read, where they came in apart; no batch has a name that begins so."""
REASON_COLUMN = "pratique_reason"


def store(cleared: ClearedBatch, judged_by: Configuration, upstream: Upstream) -> tuple[list[tuple[Path, str]], Record]:
    """Write a batch's outputs and its record; return the files that hold its rows, with SHA-256, and the record."""
    arrival = cleared.arrival
    if cleared.batch is None:
        original = paths.BATCHES / f"{arrival.batch}.original"
        place = paths.QUARANTINE / arrival.batch / arrival.file
        copies = {place / file.relative_to(original): file for file in list_originals(original)}
        for labels in list_originals(paths.BATCHES / f"{arrival.batch}.labels"):
            copies[paths.QUARANTINE / arrival.batch / UNREAD_LABELS] = labels
        outputs = list(copies)
        for copy, file in copies.items():
            write_bytes(copy, read_original(file))
    else:
        outputs = _store_rows(cleared, cleared.batch)
    digests = [(path, sha256_file(path)) for path in outputs]
    record = make_record(cleared, judged_by, upstream, [(path.as_posix(), digest) for path, digest in digests])
    record.write()
    return digests, record


def _store_rows(cleared: ClearedBatch, batch: Batch) -> list[Path]:
    held = cleared.held
    outputs = []
    if cleared.outcome == "accepted":
        outputs.append(paths.ACCEPTED / f"{batch.name}.parquet")
        write_table(outputs[-1], batch.typed_table.filter(pa.array(~held)))
    if held.any() or cleared.outcome == "quarantined":
        outputs.append(paths.QUARANTINE / batch.name / "rows.parquet")
        write_table(outputs[-1], _with_reasons(cleared, batch, np.flatnonzero(held)))
    return outputs


def _with_reasons(cleared: ClearedBatch, batch: Batch, rows: np.ndarray) -> pa.Table:
    """The rows as they came, each with its position in the batch and the reason why it is held."""
    whole = f"batch: {'; '.join(cleared.codes) or cleared.ruling.action}"
    why = cleared.verdict.suspects
    reasons = [why[row].text if row in why else whole for row in rows.tolist()]
    table = batch.table.take(pa.array(rows, pa.int64()))
    table = table.append_column(_free_name(batch, ROW_COLUMN), pa.array(rows, pa.int64()))
    return table.append_column(_free_name(batch, REASON_COLUMN), pa.array(reasons, pa.string()))


def _free_name(batch: Batch, name: str) -> str:
    """The name, lengthened until the batch has no column of that name: a batch chooses its own columns."""
    while name in batch.table.column_names:
        name += "_"
    return name
