"""What an experiment is, and what it gives."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pratique.core.sections import Section
from pratique.experiments.pair import Pair


@dataclass(frozen=True)
class Plot:
    """Lines over one quantity, as a table and as a picture.

    Attributes
    ----------
    x, y : str
        What is on the axes; `x` is also the name of the table's first column.
    lines : tuple of str
        The names of the table's other columns, each with one of its standard error behind it.
    """

    x: str
    y: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Curves:
    """What a plot shows: for each line its values, shape (repetitions, values of x)."""

    x: np.ndarray
    lines: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Plane:
    """Quantities over a plane, and the rows that lie in it.

    Attributes
    ----------
    x, y : ndarray of float, shape (n,)
        The places along both axes.
    layers : dict of str to ndarray of float, shape (n, n)
        Each quantity, a line for each `y`.
    points, targets : ndarray
        Rows to show: shape (rows, 2) and (rows,).
    """

    x: np.ndarray
    y: np.ndarray
    layers: Mapping[str, np.ndarray]
    points: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True)
class Findings:
    """What an experiment gives: curves by the name of their plot, planes by a name, numbers of two levels."""

    curves: Mapping[str, Curves] = field(default_factory=dict)
    planes: Mapping[str, Plane] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


class Experiment(Section, ABC):
    """An experiment and its params: the fields of a subclass. The first line of its docstring is its title."""

    plots: ClassVar[Mapping[str, Plot]] = {}
    planes: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """The layers of each plane, which are pictures of their own."""
    thorough: ClassVar[Mapping[str, Any]]
    """Fields for figures that can be relied upon; the defaults run within three minutes."""
    needs_torch: ClassVar[bool] = False
    """Whether it takes the extra `torch`."""

    @abstractmethod
    def run(self, pair: Pair, seed: int) -> Findings:
        """Run it: a pure function of the rows, the fields and the seed."""
