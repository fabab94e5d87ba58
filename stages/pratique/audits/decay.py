"""Decay: whether the model gets worse the newer the rows are."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.audit import Audit, Audited, AuditFinding, AuditTable
from pratique.core.text import say_count
from pratique.statistics.resampling import Estimate
from pratique.training.rows import join_labelled

NORMAL_QUANTILE = 1.96
"""Of 95 % two-sided: standard errors of a slope on either side."""
ACCURACY = "accuracy"
"""The requirement whose end is foretold."""
UNKNOWN_ORDER = (
    "Nobody knows when rows were taken: name a column under `data.time`, set `data.ordered`, or promote batches "
    "(`pratique promote BATCH`), whose order is known."
)
BY_BATCHES = "A window is one promoted batch or more, as they came in; a model of all other rows predicts it."


class Decay(Audit):
    """Accuracy on trusted rows by when they were taken, with the trend.

    Claim: shows a world that moves away from the model, and says when a requirement will be broken if it goes on like
    that. It needs to know the order of the holdout's rows, by `data.time` or `data.ordered`; else it takes the batches
    that were promoted, in the order in which they came in.

    Formula: rows in their order are cut into windows of alike size, at least `rows` in each; `decay` is minus the slope
    of a line through their accuracies, by least squares: what is lost from one window to the next. A window weighs by
    the variance of a share, to which half a row right and half a row wrong are added.

    Promoted rows are predicted by a model that learned from everything but their own window.

    Cost: one prediction of the holdout; of promoted batches one training for each window.
    """

    title: ClassVar[str] = "Whether it gets worse with time"
    meanings: ClassVar[dict[str, str]] = {
        "decay": "accuracy lost from one window of rows to the next",
        "newest_accuracy": "accuracy on the newest window of rows",
    }
    remedies: ClassVar[dict[str, str]] = dict.fromkeys(
        meanings,
        "Learn from rows of today: accept or release newer batches and run `dvc repro`. Where clean ones alarm, too, "
        "promote them, so that what is normal is learned anew: `pratique promote BATCH`, `dvc repro`.",
    )

    windows: int = Field(10, ge=2, le=100, description="How many windows there are at most.")
    rows: int = Field(50, ge=10, description="Rows of a window, at least.")

    def measure(self, audited: Audited, rng: np.random.Generator) -> AuditFinding:
        """Predict the holdout, and follow the accuracy along its order."""
        order = audited.holdout.order
        if order is None and not audited.promoted:
            return AuditFinding(reasons=(UNKNOWN_ORDER,))
        if order is None:
            windows = _join_batches(audited.promoted, self.windows, self.rows)
            told, count = "promoted batches have", sum(map(len, audited.promoted))
        else:
            windows = np.array_split(order, max(1, min(self.windows, len(order) // self.rows)))
            told, count = "holdout has", len(order)
        if len(windows) < 2:
            return AuditFinding(reasons=(f"The {told} {say_count(count, 'row')}, too few for two windows.",))
        if order is None:
            return self._follow([_predict_apart(audited, rows) for rows in windows], audited, (BY_BATCHES,))
        right = audited.model.predict(audited.holdout) == audited.holdout.labels
        return self._follow([right[rows] for rows in windows], audited)

    def _follow(self, parts: list[np.ndarray], audited: Audited, notes: tuple[str, ...] = ()) -> AuditFinding:
        """The trend of windows, of each of whose rows it is known whether it was predicted rightly."""
        shares = [Estimate.of_share(int(part.sum()), len(part)) for part in parts]
        decay = _fit_slope(parts)
        floor = audited.requirements[ACCURACY].min if ACCURACY in audited.requirements else None
        lines = [
            (f"{place + 1}", f"{len(part):,}", f"{each.value:.3f}", f"{each.low:.3f} to {each.high:.3f}")
            for place, (part, each) in enumerate(zip(parts, shares, strict=True))
        ]
        table = AuditTable("Accuracy, the oldest rows first", ("window", "rows", "accuracy", "interval"), tuple(lines))
        figures = {"decay": decay, "newest_accuracy": shares[-1]}
        return AuditFinding(figures, (_foretell(decay, shares[-1], floor), *notes), tables=(table,))


def _join_batches(batches: Sequence[np.ndarray], most: int, fewest: int) -> list[np.ndarray]:
    """Batches in their order as windows of at least so many rows, at most so many windows; no batch is cut."""
    fewest = max(fewest, -(-sum(map(len, batches)) // most))
    windows: list[np.ndarray] = []
    for batch in batches:
        if windows and len(windows[-1]) < fewest:
            windows[-1] = np.concatenate([windows[-1], batch])
        else:
            windows.append(batch)
    if len(windows) > 1 and len(windows[-1]) < fewest:
        windows[-2:] = [np.concatenate(windows[-2:])]
    return windows


def _predict_apart(audited: Audited, rows: np.ndarray) -> np.ndarray:
    """Which trusted rows a model that learned from all others, and from what was accepted, predicts rightly."""
    reference, window = audited.reference, audited.reference.take(rows)
    window = window.take(np.flatnonzero(window.labels != ""))
    others = reference.take(np.setdiff1d(np.arange(len(reference)), rows))
    learned = join_labelled("all but one window", [others, *audited.accepted], reference.layout)
    return np.asarray(audited.train(learned).predict(window) == window.labels)


def _fit_slope(parts: list[np.ndarray]) -> Estimate:
    """Accuracy lost from one window to the next, by weighted least squares."""
    counts, hits = np.array([len(part) for part in parts]), np.array([part.sum() for part in parts])
    smooth = (hits + 0.5) / (counts + 1)
    weights = counts / (smooth * (1 - smooth))
    place = np.arange(len(parts)) - np.average(np.arange(len(parts)), weights=weights)
    spread = (weights * place**2).sum()
    slope = float((weights * place * hits / counts).sum() / spread)
    half = NORMAL_QUANTILE / float(np.sqrt(spread))
    return Estimate(-slope, -slope - half, -slope + half)


def _foretell(decay: Estimate, newest: Estimate, floor: float | None) -> str:
    """What the trend means for the accuracy that is required."""
    if decay.within_chance:
        return "No trend is shown: what was lost or gained from window to window is within chance."
    if decay.value < 0:
        return "The accuracy rises with newer rows."
    lost = f"The accuracy falls by {100 * decay.value:.1f} points from window to window"
    if floor is None:
        return f"{lost}."
    if newest.value <= floor:
        return f"{lost}, and the newest window is below what is required, {floor:g}."
    left = (newest.value - floor) / decay.value
    return f"{lost}: in about {say_count(max(1, round(left)), 'window')} it is below what is required, {floor:g}."
