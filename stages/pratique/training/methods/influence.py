"""Influence: rows that make trusted rows unlikely are left out."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.method import LINEAR, Fit, Fitted, Method, TrainingRows
from pratique.training.methods.support.linear import ask_judge, judge_by, pose
from pratique.training.methods.support.noise import cut_halves, estimate_poison, keep_lowest, tell_classes


class Influence(Method):
    """Rows that hurt on trusted rows the most are left out, as many as seem poisoned.

    Claim: withstands poison of any kind that hurts on trusted rows. A row whose harm shows only with others of its kind
    is judged alone.

    Formula: row i changes the mean CE A on held-out trusted rows by -grad A . H^-1 grad CE_i for each unit of its
    weight; the rows of the highest change go. The held-out rows are each half of the trusted ones in turn, the change
    is the mean of both. In `rounds` rounds until the share r is gone, with r as `small_loss` estimates it.

    Source: Koh and Liang, "Understanding black-box predictions via influence functions", ICML 2017.

    Cost: two trainings a round, two on half of the rows, and one on what stays.
    """

    goes_with: ClassVar[frozenset[str]] = LINEAR
    draws: ClassVar[bool] = True

    rounds: int = Field(3, ge=1, le=100, description="In how many rounds rows go.")

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Leave rows out, and train on the others."""
        kept, first = np.ones(len(rows.targets), bool), rows.hold_out(rng)
        halves = [half for half in (first, rows.trusted & ~first) if half.any()]
        share = estimate_poison(rows, tell_classes(rows, fit, cut_halves(rows, rng)))
        for turn in range(self.rounds if halves else 0):
            harm = np.zeros(len(kept))
            for half in halves:
                harm += ask_judge(pose(rows, (kept & ~half).astype(float)), judge_by(rows, half), None)[2].shares
            kept = keep_lowest(rows, harm, share * (turn + 1) / self.rounds)
        return Fitted(rows.fit(fit, kept.astype(float)), kept.astype(float))
