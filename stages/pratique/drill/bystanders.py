"""Columns that are no features, in the drill: a batch without them is another table, and rules would hold all of it."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.tables.reading import read_table
from pratique.training.rows import list_accepted_files


@dataclass(frozen=True)
class Bystanders:
    """Cells of accepted rows in columns such as an id or a time, each row's own.

    A batch of the drill gets them row by row from the first on. So an id is one that rules know, and comes once; whose
    it was says nothing of the row beside it.
    """

    cells: pa.Table

    @classmethod
    def read(cls, layout: Layout) -> "Bystanders":
        """Those of the accepted rows, in columns that every accepted batch has."""
        tables = [read_table(path) for path in list_accepted_files()]
        known = {*layout.kinds, layout.label, *layout.ignored}
        names = [
            name
            for name in (tables[0].column_names if tables else [])
            if name not in known and all(name in table.column_names for table in tables)
        ]
        return cls(pa.table({name: _join([table[name] for table in tables]) for name in names}))

    def join(self, batch: Batch) -> Batch:
        """A batch with these columns."""
        table, rows = batch.table, pa.array(np.arange(len(batch)) % max(1, len(self.cells)))
        for name in self.cells.column_names:
            table = table.append_column(name, self.cells[name].take(rows))
        return Batch(batch.name, table, batch.layout)


def _join(columns: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Cells of several files; as text where no type of number holds them all, such as 7 and K7."""
    kinds = [pa.schema([("cells", column.type)]) for column in columns]
    try:
        kind = pa.unify_schemas(kinds, promote_options="permissive").field(0).type
        cells = [column.cast(kind) for column in columns]
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        kind = pa.string()
        cells = [column.cast(kind) for column in columns]
    return pa.chunked_array([chunk for column in cells for chunk in column.chunks], type=kind)
