"""What a sample is: rows and texts, from which a whole project follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import numpy as np
import pyarrow as pa

DECIMALS = 3
NO_TRUTH = "batch,row,attack\n"


@dataclass(frozen=True)
class Sample:
    """A project to try.

    Attributes
    ----------
    name : str
        Of the files that hold the trusted rows, and of the sample's params.yaml beside this module.
    reference, holdout : pyarrow.Table
    incoming : dict of str to pyarrow.Table
        The batches, by `<source>/<stem>`.
    sources, page, truth : str
        data/sources.yaml, data/README.md, and data/truth.csv: a line for each poisoned row.
    """

    name: str
    reference: pa.Table
    holdout: pa.Table
    incoming: Mapping[str, pa.Table]
    sources: str
    page: str
    truth: str = NO_TRUTH

    @cached_property
    def params(self) -> str:
        """The text of params.yaml."""
        return (files("pratique.scaffold.samples") / f"{self.name}.yaml").read_text(encoding="utf-8")


def to_csv(table: pa.Table) -> str:
    """A table as CSV: numbers with up to three decimals, and no cell that needs a quote."""
    columns = as_cells(table).to_pydict().values()
    return "".join(f"{','.join(line)}\n" for line in (table.column_names, *zip(*columns, strict=True)))


def as_cells(table: pa.Table) -> pa.Table:
    """The same table as text, as it is read from its CSV file."""
    return pa.table({name: _to_cells(table[name]) for name in table.column_names})


def _to_cells(column: pa.ChunkedArray) -> list[str]:
    if pa.types.is_floating(column.type):
        return [np.format_float_positional(value, DECIMALS, trim="-") for value in column.to_pylist()]
    return [str(value) for value in column.to_pylist()]
