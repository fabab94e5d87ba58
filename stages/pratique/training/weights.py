"""How much each accepted row counted in the training: what a method of training found, as evidence."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.writing import write_table
from pratique.tables.reading import read_table
from pratique.training.rows import list_accepted_files

WEIGHTS = paths.MODEL / "weights.parquet"
LITTLE = 0.5
"""A row of a smaller weight counts little."""


def write_weights(weights: np.ndarray, layout: Layout) -> None:
    """Write the weight of each accepted row that was learned from, by batch and place in the accepted file.

    Parameters
    ----------
    weights : ndarray of float
        Of the rows that `read_training` gives: trusted ones first, if any, then accepted ones file by file.
    layout : Layout
    """
    names: list[str] = []
    rows: list[np.ndarray] = [np.zeros(0, int)]
    for path in list_accepted_files():
        rows.append(np.flatnonzero(Batch(path.stem, read_table(path), layout).labels != ""))
        names += [path.relative_to(paths.ACCEPTED).with_suffix("").as_posix()] * len(rows[-1])
    mine = weights[len(weights) - len(names) :].round(6)
    table = {"batch": pa.array(names, pa.string()), "row": np.concatenate(rows), "weight": mine}
    write_table(WEIGHTS, pa.table(table))


def count_weights() -> dict[str, float]:
    """How many accepted rows the model learned from, and how many of them counted little.

    Raises
    ------
    PratiqueError
        If the model was trained plainly.
    """
    if not WEIGHTS.is_file():
        raise PratiqueError(f"{WEIGHTS}: not found; run `pratique train` (or `dvc repro`) first")
    weights = pq.read_table(WEIGHTS, columns=["weight"])["weight"].to_numpy()
    return {"rows": len(weights), "rows_of_little_weight": int((weights < LITTLE).sum())}
