"""The rows that models are trained on: what the pipeline's model learns from, and what it is compared with."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.params import Params
from pratique.tables.arrival import read_arrivals
from pratique.tables.reading import read_table, read_trusted
from pratique.training.models import drop_unlabelled


def list_accepted_files() -> list[Path]:
    """The accepted batches, sorted; there may be none.

    Raises
    ------
    PratiqueError
        If the folder is not there: nothing is known of what was accepted.
    """
    if not paths.ACCEPTED.is_dir():
        raise PratiqueError(f"{paths.ACCEPTED}: not found; run `pratique validate` (or `dvc repro`) first")
    return sorted(paths.ACCEPTED.glob("*/*.parquet"))


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
    return join_labelled("accepted", (Batch(path.stem, read_table(path), layout) for path in files), layout)


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
    places = (paths.BATCHES / f"{arrival.batch}.parquet" for arrival in arrivals)
    batches = (Batch(place.stem, read_table(place), reference.layout) for place in places)
    return join_labelled("everything", [reference, *batches], reference.layout)


def read_holdout(layout: Layout) -> Batch:
    """The trusted rows that models are compared on; they must have what the reference has.

    Raises
    ------
    PratiqueError
        If a column is missing, or a row has no label.
    """
    batch = Batch("holdout", read_trusted(paths.HOLDOUT, layout.ignored), layout)
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
