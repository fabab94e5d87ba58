"""The rows that models are trained on: accepted, everything that came in, or the reference alone."""

from collections.abc import Container, Iterable
from pathlib import Path

import pyarrow as pa

from stages.core import paths
from stages.core.arrival import read_arrivals
from stages.core.batch import Batch
from stages.core.errors import PratiqueError
from stages.core.layout import Layout
from stages.core.params import DataParams
from stages.core.reading import read_table
from stages.training.models import labelled


def accepted_files() -> list[Path]:
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


def accepted(data: DataParams) -> Batch:
    """Every accepted row, in the types that validate wrote, without the columns that are no features."""
    table = _stacked((read_table(path) for path in accepted_files()), {data.id, *data.ignore})
    return labelled(Batch("accepted", table, Layout.of_types(table, DataParams(label=data.label))))


def everything(layout: Layout) -> Batch:
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
    table = _stacked(pa.Table.from_pandas(b.frame[columns], preserve_index=False) for b in batches)
    return labelled(Batch("everything", table, layout))


def _stacked(tables: Iterable[pa.Table], unused: Container[str | None] = ()) -> pa.Table:
    """Rows of all tables, under the used columns that all of them have in one type, as all features are."""
    found = list(tables)
    shared = set.intersection(*(set(t.schema) for t in found))
    names = [field.name for field in found[0].schema if field in shared and field.name not in unused]
    return pa.concat_tables([t.select(names) for t in found])
