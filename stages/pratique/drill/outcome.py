"""What a cell gives, and how it is kept from one run to the next.

What is kept is no output: it may be deleted at any time, and a file that can't be read is computed anew.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pratique.core import paths
from pratique.core.writing import write_text

OUTCOMES = paths.CACHE / "drill"

Metrics = dict[str, float]


@dataclass(frozen=True)
class Gate:
    """What the gate did with a poisoned stream.

    Attributes
    ----------
    batches : int
        Batches with poison in them.
    batches_caught : int
        Those of them that are quarantined.
    rows_caught : int
        Poisoned rows that are held, with their batch or alone.
    good_rows_lost : int
        Rows without poison that are held.
    delay : int, optional
        Batches until the first with poison is quarantined, itself included; None where all get through.
    gated : dict of str to float, optional
        Scores of the model trained on what passed; None where that can't be trained on.
    success : float, optional
        Of a backdoor in that model.
    """

    batches: int
    batches_caught: int
    rows_caught: int
    good_rows_lost: int
    delay: int | None
    gated: Metrics | None
    success: float | None


@dataclass(frozen=True)
class Detail:
    """What to look at in one cell.

    Attributes
    ----------
    rows : list of int
        Positions of the poisoned rows in the stream, from 0.
    accepted_rows : list of int or None
        Where those rows stand among the accepted rows; None for an inserted one.
    before, after : dict
        Statistics of each numeric feature in the stream.
    classes : list of str
    confusion : list of list of int
        Trusted rows by actual class (line) and class that the poisoned model predicts (column).
    """

    rows: list[int]
    accepted_rows: list[int | None]
    before: dict[str, Metrics]
    after: dict[str, Metrics]
    classes: list[str]
    confusion: list[list[int]]


@dataclass(frozen=True)
class Outcome:
    """What one cell gave: scores of models trained without poison, with it, and without the poisoned rows.

    `success` is that of a backdoor in the poisoned model, `gate` and `detail` are there for the runs that have them.
    """

    rows: int
    poisoned_rows: int
    clean: Metrics
    poisoned: Metrics
    oracle: Metrics
    success: float | None
    gate: Gate | None
    detail: Detail | None


def place_of(key: str) -> Path:
    """The file that keeps the outcome of this key."""
    return OUTCOMES / f"{key}.json"


def write_outcome(key: str, outcome: Outcome) -> None:
    """Write an outcome."""
    write_text(place_of(key), json.dumps(asdict(outcome)))


def read_outcome(key: str) -> Outcome | None:
    """The outcome of this key; None where none can be read."""
    try:
        value = json.loads(place_of(key).read_text(encoding="utf-8"))
        gate, detail = value["gate"], value["detail"]
        parts = {"gate": gate and Gate(**gate), "detail": detail and Detail(**detail)}
        return Outcome(**value | parts)
    except (OSError, ValueError, KeyError, TypeError):
        return None
