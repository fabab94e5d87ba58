"""The rows that models are trained on: what the pipeline's model learns from, and what it is compared with."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.checksums import Checksums
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.params import Params
from pratique.tables.arrival import Arrival
from pratique.tables.ingested import read_arrivals, read_rows
from pratique.tables.reading import read_table, read_trusted
from pratique.training.models import drop_unlabelled


def list_accepted_files() -> list[Path]:
    """The accepted batches, sorted, each as it was written; there may be none.

    Raises
    ------
    PratiqueError
        If nothing is known of what was accepted, or a file is gone, damaged, or one that nothing let in.
    """
    if not paths.ACCEPTED.is_dir():
        raise PratiqueError(f"{paths.ACCEPTED}: not found; run `pratique validate` (or `dvc repro`) first")
    written = Checksums.read(paths.RECORDS)
    files = sorted({*written.list_below(paths.ACCEPTED), *paths.ACCEPTED.glob("*/*.parquet")})
    for path in files:
        written.require(path)
    return files


def read_accepted(layout: Layout) -> Batch:
    """Every accepted row.

    Raises
    ------
    PratiqueError
        If no batch was accepted.
    """
    files = list_accepted_files()
    if not files:
        raise PratiqueError(
            f"{paths.ACCEPTED}: no batch was accepted, so there is nothing to train on; "
            "`pratique report` writes the pages to decide on"
        )
    return join_labelled("accepted", _read_together(files, layout), layout)


def read_training(reference: Batch, params: Params) -> Batch:
    """The rows that the pipeline's model learns from: `train.rows` says which.

    Raises
    ------
    PratiqueError
        If `train.rows` asks for accepted rows alone, and no batch was accepted.
    """
    if params.train.rows == "accepted":
        return read_accepted(reference.layout)
    accepted = [read_accepted(reference.layout)] if list_accepted_files() else []
    return join_labelled("reference and accepted rows", [reference, *accepted], reference.layout)


def read_everything(reference: Batch) -> Batch:
    """The reference and every batch that can be read: what would have been trained on without the gate."""
    arrivals = [arrival for arrival in read_arrivals(paths.BATCHES) if not (arrival.fault or arrival.waits)]
    batches: list[Batch] = []
    for whole, group in groupby(arrivals, key=_is_accepted_whole):
        if whole:
            places = [paths.ACCEPTED / f"{arrival.batch}.parquet" for arrival in group]
            batches += _read_together(places, reference.layout)
        else:
            batches += [Batch(arrival.stem, read_rows(arrival.batch), reference.layout) for arrival in group]
    return join_labelled("everything", [reference, *batches], reference.layout)


def _is_accepted_whole(arrival: Arrival) -> bool:
    """Whether every row of a batch was accepted: then they lie there typed, which is quicker to read."""
    place = paths.ACCEPTED / f"{arrival.batch}.parquet"
    return place.is_file() and pq.read_metadata(place).num_rows == arrival.rows


def _read_together(places: Iterable[Path], layout: Layout) -> Iterator[Batch]:
    """The rows of accepted files, those of neighbours as one batch: of typed cells, none is read by those around it."""
    columns = [*layout.kinds, layout.label]
    tables = (
        table.select([name for name in columns if name in table.column_names]) for table in map(read_table, places)
    )
    for _, alike in groupby(tables, key=lambda table: table.schema):
        yield Batch("accepted", pa.concat_tables(alike).combine_chunks(), layout)


def read_holdout(layout: Layout) -> Batch:
    """The trusted rows that models are compared on; they must have what the reference has.

    Raises
    ------
    PratiqueError
        If a column is missing, or a row has no label.
    """
    batch = Batch("holdout", read_trusted(paths.HOLDOUT, layout.ignored, layout.image), layout)
    if batch.missing_columns:
        raise PratiqueError(f"{paths.HOLDOUT}: column '{batch.missing_columns[0]}' is missing; the reference has it")
    blank = np.flatnonzero(batch.labels == "")
    if len(blank):
        raise PratiqueError(f"{paths.HOLDOUT}: row {blank[0]} has no '{layout.label}'; every trusted row needs a label")
    return batch


def join_labelled(name: str, batches: Iterable[Batch], layout: Layout) -> Batch:
    """The labelled rows of all batches, features and label alone, as the layout reads them."""
    columns = [*layout.kinds, layout.label]
    tables = [pa.Table.from_pandas(batch.frame[columns], preserve_index=False) for batch in batches]
    return drop_unlabelled(Batch(name, pa.concat_tables(tables), layout))
