"""What a cell gives, and how it is kept from one run to the next.

What is kept is no output: it may be deleted at any time, and a file that can't be read is computed anew.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from pratique.core import paths
from pratique.core.cached import read_cached, write_cached
from pratique.core.writing import keep_only

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
        Batches with poison until the first of them is quarantined, itself included; None where all get through.
    scores : dict of str to float, optional
        Of the model that learned from what passed; None where that can't be trained on.
    success : float, optional
        Of a backdoor in that model.
    """

    batches: int
    batches_caught: int
    rows_caught: int
    good_rows_lost: int
    delay: int | None
    scores: Metrics | None
    success: float | None


@dataclass(frozen=True)
class Plainly:
    """Scores of models that a plain training gives on the same rows, to compare `train.method` with.

    Attributes
    ----------
    clean, without : dict of str to float
        As in `Outcome`.
    gated : dict of str to float, optional
        Of the model that learned from what passed the gate; None where that can't be trained on.
    """

    clean: Metrics
    without: Metrics
    gated: Metrics | None


@dataclass(frozen=True)
class Transfer:
    """The accuracy that poison costs the kind of model it is optimised against, and other kinds, by their names."""

    proxy: float
    unseen: dict[str, float]


@dataclass(frozen=True)
class Detail:
    """What to look at in one cell.

    Attributes
    ----------
    rows : list of int
        Positions of the poisoned rows in the stream, from 0.
    reference_rows : list of int or None
        Where those rows stand in the reference; None for an inserted one.
    before, after : dict
        Statistics of each numeric feature in the batches that come in poisoned.
    kl_divergence : dict of str to float
        Kullback-Leibler divergence of each of them from before, in nats.
    classes : list of str
    confusion : list of list of int
        Trusted rows by actual class (line) and class that the poisoned model predicts (column).
    model : bytes
        The archive of the poisoned model.
    """

    rows: list[int]
    reference_rows: list[int | None]
    before: dict[str, Metrics]
    after: dict[str, Metrics]
    kl_divergence: Metrics
    classes: list[str]
    confusion: list[list[int]]
    model: bytes


@dataclass(frozen=True)
class Outcome:
    """What one cell gave: scores of models, which learned from what was not dealt, too, if `train.rows` says so.

    Attributes
    ----------
    rows, poisoned_rows : int
        In all batches.
    clean, without : dict of str to float
        Where nothing is poisoned; with everything let in, as without the gate.
    oracle : dict of str to float, optional
        With the poisoned rows left out; None where that can't be trained on.
    success, success_oracle : float, optional
        Of a backdoor without the gate, and in the model that saw no poison, in [0, 1].
    gate : Gate, optional
        Of the runs that pass it.
    plainly : Plainly, optional
        Of the runs that pass the gate, where `train.method` is another than a plain one.
    transfer : Transfer, optional
        Of attacks that are optimised against a model, where it is asked for.
    detail : Detail, optional
        Of the first run.
    """

    rows: int
    poisoned_rows: int
    clean: Metrics
    without: Metrics
    oracle: Metrics | None
    success: float | None
    success_oracle: float | None
    gate: Gate | None
    plainly: Plainly | None
    transfer: Transfer | None
    detail: Detail | None


def write_outcome(key: str, outcome: Outcome) -> None:
    """Write an outcome, and the model of one that has details beside it."""
    value = asdict(outcome)
    if outcome.detail is not None:
        write_cached(_model_place(key), value["detail"].pop("model"))
    write_cached(_place(key), json.dumps(value).encode())


def read_outcome(key: str) -> Outcome | None:
    """The outcome of this key; None where none can be read."""
    content, model = read_cached(_place(key)), read_cached(_model_place(key))
    if content is None:
        return None
    try:
        value = json.loads(content)
        gate, plainly, transfer, detail = (value[name] for name in ("gate", "plainly", "transfer", "detail"))
        parts = {
            "gate": gate and Gate(**gate),
            "plainly": plainly and Plainly(**plainly),
            "transfer": transfer and Transfer(**transfer),
            "detail": detail and Detail(**detail, model=_require(model)),
        }
        return Outcome(**value | parts)
    except (ValueError, KeyError, TypeError):
        return None


def _require(model: bytes | None) -> bytes:
    if model is None:
        raise ValueError("no model is kept")
    return model


def keep_outcomes(keys: Iterable[str]) -> None:
    """Remove what is kept under other keys."""
    keep_only(OUTCOMES, [place(key) for key in keys for place in (_place, _model_place)])


def _place(key: str) -> Path:
    return OUTCOMES / f"{key}.json"


def _model_place(key: str) -> Path:
    return OUTCOMES / f"{key}.skops"
