"""Label sanitization by nearest trusted neighbours."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.check import FittedRowCheck, RowCheck, rank_rows, show_label
from pratique.contract.evidence import SUGGESTION, Evidence, RowEvidence
from pratique.contract.finding import RowScores
from pratique.contract.subject import ADVICE, Subject
from pratique.core.batch import Batch
from pratique.core.text import shorten
from pratique.tables.encoding import Encoder, Ranks

if TYPE_CHECKING:
    from sklearn.neighbors import NearestNeighbors


CONTRADICTED = 0.1
"""A label is contradicted where a smaller share of the neighbours' weighted votes is for it."""


class Labels(RowCheck):
    """A label that trusted neighbours contradict is suspect: flips, relabelled copies, triggers with a new label.

    Claim: clean labels agree with the labels of nearby trusted rows about as often as trusted labels do
    among themselves.

    Formula: with the k nearest reference rows at distances d_i between normal scores, weights
    w_i = 1 / (d_i + d_k / 10) and the reference's class shares pi, the row's score is -log p(y),
    p(y) = (sum of w_i over neighbours labelled y + w pi_y) / (sum of w_i + w), w the mean weight: the cross-entropy of
    one pseudo-neighbour-smoothed kNN vote, in nats. A label that the reference lacks has pi_y = 1 / rows. A row is
    flagged where less than a tenth of the weighted votes is for its label; the share of such rows is judged by itself.
    What the votes are for is suggested to people, never applied.

    After Paudice, Munoz-Gonzalez and Lupu, "Label sanitization against label flipping poisoning attacks"
    (2018), with neighbours taken from trusted rows only, because neighbours within a batch are the attacker's.

    Cost: one neighbour search a row; brute force O(reference rows x dimensions).
    """

    alarm: ClassVar[str] = "labels contradict their trusted neighbours"
    advice: ClassVar[str] = ADVICE["labels"]
    about: ClassVar[Subject] = "labels"
    judged_alone: ClassVar[bool] = True
    budget_share: ClassVar[float | None] = 0.04

    neighbours: int = Field(20, ge=1, le=1000)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedLabels":
        """Index the trusted rows."""
        from sklearn.neighbors import NearestNeighbors

        ranks = Ranks.fit(trusted, Encoder.fit(trusted))
        points = ranks.transform(trusted)
        index = NearestNeighbors(n_neighbors=min(self.neighbours, len(points)), algorithm="brute").fit(points)
        classes, codes = np.unique(trusted.labels, return_inverse=True)
        return FittedLabels(ranks, index, classes, codes, np.bincount(codes) / len(codes))


@dataclass(frozen=True)
class FittedLabels(FittedRowCheck):
    """Trusted rows by place, with their labels as indices into `classes`."""

    ranks: Ranks
    index: "NearestNeighbors"
    classes: np.ndarray
    codes: np.ndarray
    shares: np.ndarray

    def measure(self, batch: Batch) -> RowScores:
        """Cross-entropy of each row's label under its trusted neighbours' vote."""
        distance, neighbour = self.index.kneighbors(self.ranks.transform(batch))
        weight = 1 / (distance + distance[:, -1:] / 10 + np.finfo(float).tiny ** 0.5)
        weight /= weight.mean(axis=1, keepdims=True)
        votes = self.codes[neighbour]
        own = np.searchsorted(self.classes, batch.labels)
        known = self.classes[np.minimum(own, len(self.classes) - 1)] == batch.labels
        own = np.where(known, own, -1)
        agree = (weight * (votes == own[:, None])).sum(axis=1)
        prior = np.where(known, self.shares[own], 1 / len(self.codes))
        scores = -np.log((agree + prior) / (weight.shape[1] + 1))
        flagged = agree < CONTRADICTED * weight.shape[1]
        return RowScores(scores, "nats a row", evidence=self._evidence(batch, scores, votes, flagged), flagged=flagged)

    def _evidence(self, batch: Batch, scores: np.ndarray, votes: np.ndarray, flagged: np.ndarray) -> Evidence:
        entries = []
        for row in rank_rows(batch, scores):
            label = show_label(batch, row)
            facts: dict[str, Any] = {"label": label, "score": float(scores[row])}
            if batch.layout.label not in batch.layout.personal:
                counts = self._count(votes[row])
                other, count = next(iter(counts.items()))
                facts["neighbours say"] = counts
                if flagged[row]:
                    facts[SUGGESTION] = f"{label or '(none)'} → {other}, {count} of {len(votes[row])} neighbours"
            entries.append(RowEvidence((int(row),), facts))
        return Evidence.of_rows(entries)

    def _count(self, votes: np.ndarray) -> dict[str, int]:
        """How many neighbours carry each label, the most common first."""
        counts = np.bincount(votes, minlength=len(self.classes))
        return {shorten(str(self.classes[c])): int(counts[c]) for c in np.argsort(-counts, kind="stable") if counts[c]}
