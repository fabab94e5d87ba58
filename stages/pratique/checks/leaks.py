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
COMPARED_AT_ONCE = 5000
"""Rows of a batch that are compared at once."""
ROUNDING = 1e-6
"""What a distance may be off by, as a share of how far the point is from the middle."""
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
        near = HoldoutProximity.of(encoder, encoder.transform(holdout), points)
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
    """The holdout, and the reference without what it has twice, as points.

    `reach` says for each holdout row how far the second nearest reference row is: none that is near it is further
    from the next reference row that it does not equal than that and the way to it.
    """

    encoder: Encoder
    holdout: IndexedRows
    reference: IndexedRows
    reach: np.ndarray

    @classmethod
    def of(cls, encoder: Encoder, holdout: np.ndarray, reference: np.ndarray) -> "HoldoutProximity":
        """Index the points of the holdout and those of the reference."""
        known = IndexedRows.of(np.unique(reference, axis=0), 2)
        return cls(encoder, IndexedRows.of(holdout, 1), known, known.nearest(holdout)[0][:, -1])

    def compare(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How close points are to the holdout, float of shape (rows,), and the holdout row that each is nearest to."""
        distance, rows = self.holdout.nearest(points)
        others, _ = self.reference.nearest(points)
        other = np.where(others[:, 0] > 0, others[:, 0], others[:, -1])
        return distance[:, 0] / np.maximum(other, np.finfo(float).tiny), rows[:, 0]

    def find_copies(self, points: np.ndarray, limit: float) -> np.ndarray:
        """The holdout row that each point is a copy of, -1 where it is none; int of shape (rows,).

        Only points that may be copies, by the triangle inequality, are compared with the reference: hardly any.
        """
        distance, rows = self.holdout.index.kneighbors(points)
        close = limit * (distance[:, 0] + self.reach[rows[:, 0]]) + ROUNDING * np.linalg.norm(points, axis=1)
        maybe = np.flatnonzero(distance[:, 0] <= close)
        found = np.full(len(points), -1)
        if len(maybe):
            closeness, neighbour = self.compare(points[maybe])
            found[maybe[closeness <= limit]] = neighbour[closeness <= limit]
        return found


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
        neighbour = np.concatenate(
            [
                self.near.find_copies(self.near.encoder.transform(part), self.limit)
                for part in batch.parts(COMPARED_AT_ONCE)
            ]
        )
        copies = np.flatnonzero(neighbour >= 0)
        held = copies if self.natural <= COINCIDE else copies[:0]
        many = f"{len(held)} rows are copies of the holdout; at most {MAX_FORBIDDEN} are held one by one"
        notes = {"holdout rows": len(self.near.holdout.points), "share of trusted rows": round(self.natural, 4)}
        return RuleBreaches(
            neighbour >= 0,
            (many,) if len(held) > MAX_FORBIDDEN else (),
            {int(row): f"a copy of row {neighbour[row]} of the holdout" for row in held[:MAX_FORBIDDEN]},
            Evidence.of_rows(
                [RowEvidence((int(row),), {"copy of holdout row": int(neighbour[row])}) for row in copies], **notes
            ),
        )
