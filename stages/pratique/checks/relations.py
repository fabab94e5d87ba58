"""Columns that follow from each other in trusted rows, and do not in these."""

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.check import FittedRowCheck, RowCheck, rank_rows, show_label
from pratique.contract.evidence import Evidence, RowEvidence
from pratique.contract.finding import RowScores
from pratique.contract.subject import ADVICE, Subject
from pratique.core.batch import Batch
from pratique.statistics.empirical import tail_probability
from pratique.tables.encoding import MOST_DIMENSIONS, Encoder, Ranks, count_indicators, space_evenly

KNOTS = (-1.0, 0.0, 1.0)
PAIRED = 12
"""Up to this many numeric columns, products of two are terms, too."""
CROSSED = 200
"""Up to this many products of a column and a class, these are terms, too."""
TOP_RESIDUALS = 3


class Relations(RowCheck):
    """A row in which columns do not follow from the others as they do in trusted rows is suspect.

    Claim: finds noise, shifted columns and blends of two rows, where every cell by itself is ordinary; a level that
    contradicts a number; with the label as one more column, labels that the features contradict.

    Formula: every column's normal score (every level's and label's indicator) is predicted by ridge regression from
    terms of the other columns: scores, hinges at -1, 0 and 1 standard deviations, products of two columns where
    there are at most 12, and column by class where these are few. A residual counts by minus the logarithm of how
    often a trusted row's, left out, is as large. The row's score is the mean over columns without the label.
    Signals: the mean and the mean of the three largest, without and with the label; the residuals themselves where
    there are at most 60 columns.

    All regressions come from one inverse: with P = (F'F + penalty rows I)^-1 and g the terms that a column takes
    part in, the residual of g given all other terms is F P_.g (P_gg)^-1. Left-out residuals are r / (1 - h), h the
    leverage of the terms that predict (Allen, 1974).

    Source: Noto, Brodley and Slonim, "FRaC: a feature-modeling approach for semi-supervised and unsupervised
    anomaly detection", Data Mining and Knowledge Discovery 25 (2012).

    Cost: O(rows x terms x columns); fitting O(terms^3), at most some hundred terms unless there are many levels:
    of more than 200 numeric columns 200 are looked at, evenly spaced.
    """

    alarm: ClassVar[str] = "columns do not follow from each other as in trusted rows"
    advice: ClassVar[str] = ADVICE["features"]
    about: ClassVar[Subject] = "features"

    penalty: float = Field(0.02, gt=0, le=10, description="Of the squared weights, for each trusted row.")

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedRelations":
        """Learn how columns follow from each other, without the label and with it."""
        ranks = Ranks.fit(trusted, Encoder.fit(trusted))
        columns = space_evenly(len(trusted.layout.numeric))
        classes = np.unique(trusted.labels)
        terms = Terms(ranks, columns, np.zeros(0, classes.dtype)), Terms(ranks, columns, classes)
        return FittedRelations(*(Web.fit(t, trusted, self.penalty) for t in terms))


@dataclass(frozen=True)
class Terms:
    """What is predicted, and what it is predicted from.

    Attributes
    ----------
    columns : ndarray of int
        The numeric columns that are looked at.
    classes : ndarray of str
        Labels that take part; none where the label does not.
    """

    ranks: Ranks
    columns: np.ndarray
    classes: np.ndarray

    def of(self, batch: Batch) -> np.ndarray:
        """The terms' values, shape (rows, terms): first what is predicted, then what only predicts."""
        points = self.ranks.transform(batch)
        scores, levels = points[:, self.columns], points[:, len(batch.layout.numeric) :] > 0
        labels = batch.labels[:, None] == self.classes
        hinges = [np.maximum(scores - knot, 0) for knot in self._knots]
        products = [scores[:, [i]] * scores[:, [j]] for i, j in self._pairs]
        crossed = [scores * labels[:, [c]] for c in self._crossed]
        return np.hstack([scores, levels, labels, *hinges, *products, *crossed]).astype(float)

    @property
    def blocks(self) -> list[np.ndarray]:
        """For each column the positions of what is predicted of it: one for numbers, one a level for others."""
        sizes = [1] * len(self.columns) + self._levels + [len(self.classes)] * bool(len(self.classes))
        return np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1]) if sizes else []

    @property
    def parts(self) -> list[np.ndarray]:
        """For each column all terms that it takes part in: no regression may predict it from these."""
        count, blocks = len(self.columns), self.blocks
        parts: list[list[int]] = [block.tolist() for block in blocks]
        at = sum(map(len, blocks))
        for owners in [
            *([j] for _ in self._knots for j in range(count)),
            *self._pairs,
            *((j, len(parts) - 1) for _ in self._crossed for j in range(count)),
        ]:
            for owner in owners:
                parts[owner].append(at)
            at += 1
        return [np.array(part) for part in parts]

    @property
    def _levels(self) -> list[int]:
        return [] if self.ranks.levels is None else count_indicators(self.ranks.levels)

    @property
    def _knots(self) -> tuple[float, ...]:
        return KNOTS if len(self.columns) <= MOST_DIMENSIONS else ()

    @property
    def _pairs(self) -> list[tuple[int, int]]:
        return list(combinations(range(len(self.columns)), 2)) if len(self.columns) <= PAIRED else []

    @property
    def _crossed(self) -> range:
        several = max(0, len(self.classes) - 1)
        return range(several if several * len(self.columns) <= CROSSED else 0)


@dataclass(frozen=True)
class Web:
    """Every column's regression on the others.

    Attributes
    ----------
    mean, scale : ndarray, shape (terms,)
    weights : ndarray, shape (terms, predicted)
        From standardised terms to residuals.
    known : ndarray, each column increasing, shape (trusted rows, columns)
        Absolute residuals of trusted rows, each left out.
    """

    terms: Terms
    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    known: np.ndarray

    @classmethod
    def fit(cls, terms: Terms, trusted: Batch, penalty: float) -> "Web":
        """Solve all regressions at once."""
        values = terms.of(trusted)
        mean, scale = values.mean(axis=0), values.std(axis=0)
        scale = np.where(scale > 1e-9, scale, 1.0)
        values = (values - mean) / scale
        inverse = np.linalg.inv(values.T @ values + penalty * len(values) * np.eye(values.shape[1]))
        spread = values @ inverse
        of_all = (spread * values).sum(axis=1)
        weights = np.zeros((values.shape[1], sum(map(len, terms.blocks))))
        leverage = np.zeros((len(values), len(terms.blocks)))
        for i, (block, part) in enumerate(zip(terms.blocks, terms.parts, strict=True)):
            own = np.linalg.inv(inverse[np.ix_(part, part)])
            weights[:, block] = inverse[:, part] @ own[:, : len(block)] * scale[block]
            leverage[:, i] = of_all - (spread[:, part] @ own * spread[:, part]).sum(axis=1)
        web = cls(terms, mean, scale, weights, np.zeros((0, len(terms.blocks))))
        left_out = np.abs(web.residuals(trusted) / (1 - leverage))
        return cls(terms, mean, scale, weights, np.sort(left_out, axis=0))

    def residuals(self, batch: Batch) -> np.ndarray:
        """What each column has that the others do not tell, shape (rows, columns).

        Of a column of levels it is one minus the predicted share of the row's own level; 1 for an unknown one.
        """
        values = self.terms.of(batch)
        found = (values - self.mean) / self.scale @ self.weights
        columns = []
        for block in self.terms.blocks:
            own = values[:, block].argmax(axis=1)
            residual = found[np.arange(len(found)), block[own]]
            unknown = (values[:, block].max(axis=1) == 0) & (len(block) > 1)
            columns.append(np.where(unknown, 1.0, residual))
        return np.column_stack(columns) if columns else np.zeros((len(values), 0))

    def rarity(self, residuals: np.ndarray) -> np.ndarray:
        """-log of the share of trusted rows whose residual is as large, in nats, shape (rows, columns)."""
        found = np.zeros(residuals.shape)
        for i, (known, mine) in enumerate(zip(self.known.T, np.abs(residuals).T, strict=True)):
            found[:, i] = -np.log(tail_probability(known, mine))
        return found


@dataclass(frozen=True)
class FittedRelations(FittedRowCheck):
    """How columns follow from each other, without the label and with it."""

    features: Web
    labelled: Web

    def measure(self, batch: Batch) -> RowScores:
        """How little each row's columns follow from each other."""
        residuals = self.features.residuals(batch)
        alone = self.features.rarity(residuals)
        labelled = self.labelled.rarity(self.labelled.residuals(batch))
        signals = {"top": _top(alone), "labelled_mean": labelled.mean(axis=1), "labelled_top": _top(labelled)}
        if residuals.shape[1] <= MOST_DIMENSIONS:
            signals |= {f"residual_{i}": residual for i, residual in enumerate(residuals.T)}
        scores = alone.mean(axis=1) if alone.shape[1] else np.zeros(len(batch))
        return RowScores(scores, "nats a column", signals, self._evidence(batch, scores, alone))

    def _evidence(self, batch: Batch, scores: np.ndarray, alone: np.ndarray) -> Evidence:
        layout = batch.layout
        names = [*(layout.numeric[c] for c in self.features.terms.columns), *layout.categorical]
        return Evidence.of_rows(
            [
                RowEvidence(
                    (int(row),),
                    {"label": show_label(batch, row), "nats a column": float(scores[row])},
                    tuple(names[c] for c in np.argsort(-alone[row], kind="stable")[:TOP_RESIDUALS]),
                )
                for row in rank_rows(batch, scores)
            ]
        )


def _top(rarity: np.ndarray) -> np.ndarray:
    """Mean of each row's largest surprises; 0 where there is none."""
    count = min(TOP_RESIDUALS, rarity.shape[1])
    if not count:
        return np.zeros(len(rarity))
    return np.partition(rarity, rarity.shape[1] - count, axis=1)[:, -count:].mean(axis=1)
