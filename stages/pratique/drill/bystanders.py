"""Columns that are no features, in the drill: a batch without them is another table, and rules would hold all of it."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError


@dataclass(frozen=True)
class Bystanders:
    """Cells of trusted rows in columns such as an id or a time, each row's own.

    A batch of the drill gets them row by row from the first on. So an id is one that rules know, and comes once; whose
    it was says nothing of the row beside it.
    """

    cells: pa.Table

    @classmethod
    def of(cls, reference: Batch) -> "Bystanders":
        """Those of the reference."""
        known = {*reference.layout.kinds, reference.layout.label, *reference.layout.ignored}
        return cls(reference.table.select([name for name in reference.table.column_names if name not in known]))

    def join(self, batch: Batch) -> Batch:
        """A batch with these columns.

        Raises
        ------
        PratiqueError
            If the batch has more rows than there are: an id would come twice.
        """
        table, rows = batch.table, pa.array(np.arange(len(batch)))
        if self.cells.num_columns and len(batch) > self.cells.num_rows:
            raise PratiqueError(
                f"params.yaml: drill: a batch with its poison has {len(batch):,} rows, {paths.REFERENCE} has "
                f"{self.cells.num_rows:,} rows with ids and times to give them; lower drill.rows or drill.rates"
            )
        for name in self.cells.column_names:
            table = table.append_column(name, self.cells[name].take(rows))
        return Batch(batch.name, table, batch.layout)
