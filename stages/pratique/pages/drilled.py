"""What the last drill found: how much of each attack the gate keeps out."""

import re
from dataclasses import dataclass

from pratique.core import paths
from pratique.results.measures import Measures, foreign, read_drill_metrics
from pratique.words import verdicts as words

RATE = re.compile(r"\d+(\.\d+)?(e-\d+)?")
"""Per cent of the rows, as `%g` writes it."""


@dataclass(frozen=True)
class Drilled:
    """Shares of poisoned rows that are kept out, as text.

    Attributes
    ----------
    rates : tuple of str
        Per cent of rows poisoned, the columns of the table.
    attacks : tuple of (str, tuple of str)
        Each attack with its cells, the one of which the least is caught first; empty where a rate was not drilled.
    mean : float
        Over attacks and rates.
    """

    rates: tuple[str, ...]
    attacks: tuple[tuple[str, tuple[str, ...]], ...]
    mean: float


def read_drilled() -> Drilled | None:
    """The drill of this run; None where the stage has not run or its attacks passed no gate.

    Raises
    ------
    PratiqueError
        If its metrics are damaged.
    """
    return tabulate_drill(read_drill_metrics(), str(paths.DRILL_METRICS))


def tabulate_drill(metrics: Measures, place: str) -> Drilled | None:
    """The metrics of a drill, `<attack>-<rate in per cent>` to measures, as a table.

    Raises
    ------
    PratiqueError
        If a name is no attack at a rate; `place` says where it stood.
    """
    caught: dict[str, dict[str, float]] = {}
    for name, measures in metrics.items():
        if "rows_caught" in measures:
            attack, _, rate = name.rpartition("-")
            if not (attack and RATE.fullmatch(rate)):
                raise foreign(place)
            caught.setdefault(attack, {})[rate] = measures["rows_caught"]
    if not caught:
        return None
    rates = sorted({rate for found in caught.values() for rate in found}, key=float)
    weakest = sorted(caught, key=lambda attack: (_mean(list(caught[attack].values())), attack))
    return Drilled(
        tuple(rates),
        tuple((a, tuple(words.percent(caught[a][r]) if r in caught[a] else "" for r in rates)) for a in weakest),
        _mean([share for found in caught.values() for share in found.values()]),
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
