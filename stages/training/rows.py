"""The rows that models are trained on: accepted, everything that came in, or the reference alone."""

from collections.abc import Iterable
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
    """Every accepted row, in the types that validate wrote."""
    table = _stacked(read_table(path) for path in accepted_files())
    return labelled(Batch("accepted", table, Layout.of_types(table, data)))


def everything(layout: Layout) -> Batch:
    """Every row of every batch that can be read: what would have been trained on without the gate."""
    arrivals = [a for a in read_arrivals(paths.BATCHES) if a.fault is None]
    columns = [*layout.kinds, layout.label]
    batches = [Batch(a.batch, read_table(paths.BATCHES / f"{a.batch}.parquet"), layout) for a in arrivals]
    table = _stacked(pa.Table.from_pandas(b.frame[columns], preserve_index=False) for b in batches)
    return labelled(Batch("everything", table, layout))


def _stacked(tables: Iterable[pa.Table]) -> pa.Table:
    """Rows of all tables, under the columns that all of them have."""
    found = list(tables)
    shared = [c for c in found[0].column_names if all(c in t.column_names for t in found)]
    return pa.concat_tables([t.select(shared) for t in found], promote_options="permissive")
