"""Rows that models are examined on must not come as rows to learn from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import PrivateAttr

from pratique.contract.check import FittedRuleCheck, RuleCheck
from pratique.contract.evidence import Evidence, RowEvidence
from pratique.contract.finding import RuleBreaches
from pratique.contract.subject import ADVICE, Subject
from pratique.contract.tally import MAX_FORBIDDEN
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError, printable
from pratique.tables.encoding import Encoder

if TYPE_CHECKING:
    from sklearn.neighbors import NearestNeighbors

CLOSER = 0.5
"""How close a copy is at most, in units of how close the closest trusted row is that is no copy."""
COINCIDE = 0.005
"""Share of trusted rows that copy the holdout by chance, up to which a row that does is held back."""


class Leaks(RuleCheck):
    """A row that is a copy of a holdout row, exact or nearly so, is held back; many of them are a leak.

    Claim: finds holdout rows that came in, under any label, with every number changed by some hundredths of a
    standard deviation or not at all. Evaluation would praise a model that learned them by heart. Copies of the
    reference are no leak.

    Formula: how close a row is to the holdout is its distance to the nearest holdout row over its distance to the
    nearest reference row that does not equal it, both in `Encoder`'s space. A row is a copy if this is at most half
    of the smallest such ratio above 0 of reference rows. The statistic is the share of copies; its null knows how
    many reference rows equal a holdout row. Where more than 5 in 1,000 do, no single row is held back: rows of such
    data repeat one another honestly.

    Source: the distance ratio is that of Lowe, "Distinctive image features from scale-invariant keypoints" (2004).

    Cost: two neighbour searches a row; brute force O((holdout + reference rows) x dimensions).
    """

    alarm: ClassVar[str] = "rows are copies of the holdout"
    advice: ClassVar[str] = ADVICE["leak"]
    about: ClassVar[Subject] = "leak"
    needs = "holdout"

    _holdout: Batch | None = PrivateAttr(None)

    def with_holdout(self, holdout: Batch | None) -> "Leaks":
        """The same check, which looks for copies of these rows."""
        told = self.model_copy()
        told._holdout = holdout
        return told

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedLeaks":
        """See how close trusted rows come to the holdout.

        Raises
        ------
        PratiqueError
            If the holdout lacks a column that the reference has.
        """
        holdout = self._holdout
        if holdout is None:
            return FittedLeaks(None, 0.0, 0.0)
        if holdout.missing_columns:
            lacking = holdout.missing_columns[0]
            raise PratiqueError(f"{holdout.name}: column '{printable(lacking)}' is missing; the reference has it")
        encoder = Encoder.fit(trusted)
        points = encoder.transform(trusted)
        near = HoldoutProximity(
            encoder, IndexedRows.of(encoder.transform(holdout), 1), IndexedRows.of(np.unique(points, axis=0), 2)
        )
        closeness, _ = near.compare(points)
        apart = closeness[closeness > 0]
        limit = CLOSER * float(apart.min()) if len(apart) else 0.0
        return FittedLeaks(near, limit, float((closeness <= limit).mean()))


@dataclass(frozen=True)
class IndexedRows:
    """Rows to be near to, as points of shape (rows, dimensions)."""

    points: np.ndarray
    index: "NearestNeighbors"

    @classmethod
    def of(cls, points: np.ndarray, neighbours: int) -> "IndexedRows":
        """Index the points."""
        from sklearn.neighbors import NearestNeighbors

        return cls(points, NearestNeighbors(n_neighbors=min(neighbours, len(points)), algorithm="brute").fit(points))

    def nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distances to the nearest rows and which these are, both of shape (points, neighbours).

        The distance of equal points is exactly 0, which by the index's formula it need not be.
        """
        rows = self.index.kneighbors(points, return_distance=False)
        apart = [np.linalg.norm(points - self.points[column], axis=1) for column in rows.T]
        return np.column_stack(apart), rows


@dataclass(frozen=True)
class HoldoutProximity:
    """The holdout, and the reference without what it has twice, as points."""

    encoder: Encoder
    holdout: IndexedRows
    reference: IndexedRows

    def compare(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How close points are to the holdout, float of shape (rows,), and the holdout row that each is nearest to."""
        distance, rows = self.holdout.nearest(points)
        others, _ = self.reference.nearest(points)
        other = np.where(others[:, 0] > 0, others[:, 0], others[:, -1])
        return distance[:, 0] / np.maximum(other, np.finfo(float).tiny), rows[:, 0]


@dataclass(frozen=True)
class FittedLeaks(FittedRuleCheck):
    """How close is a copy, and what share of trusted rows is that close; `near` is None where there is no holdout."""

    near: HoldoutProximity | None
    limit: float
    natural: float

    def measure(self, batch: Batch) -> RuleBreaches:
        """The share of rows that are copies."""
        if self.near is None:
            return RuleBreaches(np.zeros(len(batch), bool), evidence=Evidence(notes={"holdout rows": 0}))
        closeness, neighbour = self.near.compare(self.near.encoder.transform(batch))
        is_copy = closeness <= self.limit
        copies = np.flatnonzero(is_copy)
        held = copies if self.natural <= COINCIDE else copies[:0]
        many = f"{len(held)} rows are copies of the holdout; at most {MAX_FORBIDDEN} are held one by one"
        notes = {"holdout rows": len(self.near.holdout.points), "share of trusted rows": round(self.natural, 4)}
        return RuleBreaches(
            is_copy,
            (many,) if len(held) > MAX_FORBIDDEN else (),
            {int(row): f"a copy of row {neighbour[row]} of the holdout" for row in held[:MAX_FORBIDDEN]},
            Evidence.of_rows(
                [RowEvidence((int(row),), {"copy of holdout row": int(neighbour[row])}) for row in copies], **notes
            ),
        )
