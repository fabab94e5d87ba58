"""The rows that models are trained on: accepted, everything that came in, or the reference alone."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout, as_text
from pratique.core.params import DataParams
from pratique.tables.arrival import read_arrivals
from pratique.tables.reading import read_table, read_trusted
from pratique.tables.trusted import features_of
from pratique.training.models import drop_unlabelled


def list_accepted_files() -> list[Path]:
    """The accepted batches, sorted.

    Raises
    ------
    PratiqueError
        If no batch was accepted.
    """
    files = sorted(paths.ACCEPTED.glob("*/*.parquet"))
    if not files:
        raise PratiqueError(
            f"{paths.ACCEPTED}: no batch was accepted, so there is nothing to train on; see {paths.BATCHES_CSV}"
        )
    return files


def read_accepted_table(data: DataParams) -> pa.Table:
    """Every accepted row, in the types that validate wrote; columns that are no features come as text."""
    return _stack(_columns_as_text(read_table(path), _unused_columns(data)) for path in list_accepted_files())


def read_accepted(data: DataParams) -> Batch:
    """Every accepted row, without the columns that are no features."""
    table = read_accepted_table(data)
    table = table.select([*features_of(table, data), data.label])
    return drop_unlabelled(Batch("accepted", table, Layout.of_types(table, data.label)))


def read_everything(layout: Layout) -> Batch:
    """Every row of every batch that can be read: what would have been trained on without the gate.

    Raises
    ------
    PratiqueError
        If no batch can be read.
    """
    arrivals = [a for a in read_arrivals(paths.BATCHES) if a.fault is None]
    if not arrivals:
        raise PratiqueError(f"{paths.BATCHES}: no batch can be read, so there is nothing to compare with")
    columns = [*layout.kinds, layout.label]
    batches = [Batch(a.batch, read_table(paths.BATCHES / f"{a.batch}.parquet"), layout) for a in arrivals]
    table = _stack(pa.Table.from_pandas(b.frame[columns], preserve_index=False) for b in batches)
    return drop_unlabelled(Batch("everything", table, layout))


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


def _unused_columns(data: DataParams) -> set[str]:
    return {name for name in (data.id, *data.ignore) if name is not None}


def _columns_as_text(table: pa.Table, names: set[str]) -> pa.Table:
    """The same with these columns as text: an id may be a number in one batch and text in the next."""
    columns = zip(table.column_names, table.columns, strict=True)
    return pa.table({name: as_text(column) if name in names else column for name, column in columns})


def _stack(tables: Iterable[pa.Table]) -> pa.Table:
    """Rows of all tables, under the columns that all of them have in one type, as all features are."""
    found = list(tables)
    shared = set.intersection(*(set(t.schema) for t in found))
    names = [field.name for field in found[0].schema if field in shared]
    return pa.concat_tables([t.select(names) for t in found])
