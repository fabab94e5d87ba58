"""Rows of two classes as an experiment takes them: numbers of one unit, as pixels are, between 0 and 1."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pratique.core.errors import PratiqueError
from pratique.experiments.places import EXPERIMENT_ROWS
from pratique.tables.reading import read_trusted


@dataclass(frozen=True)
class Pair:
    """Rows of two classes.

    Attributes
    ----------
    points : ndarray of float, shape (rows, columns)
        The smallest number of the table is 0, the largest 1.
    targets : ndarray of int, shape (rows,)
        0 for the class that comes first in the order of text, 1 for the other.
    """

    points: np.ndarray
    targets: np.ndarray

    def cut(self, sizes: tuple[int, ...], rng: np.random.Generator) -> list["Pair"]:
        """Parts of these sizes, of different rows, drawn at random.

        Raises
        ------
        PratiqueError
            If there are too few rows.
        """
        if sum(sizes) > len(self.targets):
            raise PratiqueError(
                f"{EXPERIMENT_ROWS}: {len(self.targets)} rows; the sizes in params.yaml take {sum(sizes)}; lower them"
            )
        parts = np.split(rng.permutation(len(self.targets)), np.cumsum(sizes))[:-1]
        return [Pair(self.points[part], self.targets[part]) for part in parts]


def read_pair(label: str) -> Pair:
    """The rows of the experiment's folder.

    Raises
    ------
    PratiqueError
        If there is no such column, it has not two labels, or a cell of another column is no number.
    """
    table = read_trusted(EXPERIMENT_ROWS)
    if label not in table.column_names:
        raise PratiqueError(f"{EXPERIMENT_ROWS}: no column {label!r:.80}; name the one with the classes under label")
    classes, targets = np.unique(np.asarray(pc.cast(table[label], pa.string()).to_pylist(), str), return_inverse=True)
    if len(classes) != 2:
        raise PratiqueError(f"{EXPERIMENT_ROWS}: {len(classes)} labels in column {label!r:.80}; expected two")
    columns = [_to_numbers(table[name], name) for name in table.column_names if name != label]
    if not columns:
        raise PratiqueError(f"{EXPERIMENT_ROWS}: no column beside {label!r:.80}; expected numbers")
    points = np.column_stack(columns)
    spread = points.max() - points.min()
    return Pair((points - points.min()) / (spread if spread else 1.0), targets)


def _to_numbers(column: pa.ChunkedArray, name: str) -> np.ndarray:
    try:
        numbers = np.asarray(pc.cast(column, pa.float64()).to_numpy(), float)
    except pa.ArrowInvalid:
        numbers = np.array([np.nan])
    if not np.isfinite(numbers).all():
        raise PratiqueError(
            f"{EXPERIMENT_ROWS}: column {name!r:.80}: a cell is no finite number; an experiment takes numbers alone"
        )
    return numbers
