"""A row that stands among the trusted ones under another label."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pratique.contract.check import FittedRuleCheck, RuleCheck, show_label
from pratique.contract.evidence import Evidence, RowEvidence
from pratique.contract.finding import RuleBreaches
from pratique.contract.subject import ADVICE, Subject
from pratique.contract.tally import MAX_FORBIDDEN
from pratique.core.batch import Batch

CONTRADICT_NATURALLY = 0.005
"""Share of trusted rows that may contradict the others, up to which a row that contradicts them is held back."""


class Conflicts(RuleCheck):
    """A row whose cells all equal those of a trusted row, under a label that no such row has, is held back.

    Claim: finds exact copies of trusted rows with the label changed. Where 5 in 1,000 trusted rows may contradict the
    others, as in tables of few columns, nothing is said: there the same cells honestly have several labels. It takes
    200 trusted rows to show that fewer do.

    Formula: equality of a 64-bit hash over all features. Of m trusted rows k would contradict the others if they were
    new; rows are held where (k + 1) / (m + 1) is at most 0.005. The statistic is the share of rows that are held.

    Cost: O(rows log reference rows).
    """

    alarm: ClassVar[str] = "rows contradict trusted rows that are the same but for the label"
    advice: ClassVar[str] = ADVICE["labels"]
    about: ClassVar[Subject] = "labels"

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedConflicts":
        """Remember the trusted rows, and count those that would contradict the others if they were new."""
        order = np.argsort(trusted.features, kind="stable")
        alike, same = (_count_each(hashes) for hashes in (trusted.features, trusted.content))
        contradicting = int(((alike > 1) & (same == 1)).sum())
        natural = (contradicting + 1) / (len(trusted) + 1)
        return FittedConflicts(trusted.features[order], trusted.content[order], order, natural)


def _count_each(hashes: np.ndarray) -> np.ndarray:
    """How often each of the hashes comes, shape (rows,)."""
    _, place, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return np.asarray(counts[place])


@dataclass(frozen=True)
class FittedConflicts(FittedRuleCheck):
    """Hashes of the trusted rows in increasing order, without and with the label, with their positions."""

    features: np.ndarray
    contents: np.ndarray
    positions: np.ndarray
    natural: float

    def measure(self, batch: Batch) -> RuleBreaches:
        """The share of rows that contradict a trusted row."""
        place = np.minimum(self.features.searchsorted(batch.features), len(self.features) - 1)
        known = self.features[place] == batch.features
        contradicts = known & ~np.isin(batch.content, self.contents) & (self.natural <= CONTRADICT_NATURALLY)
        rows = np.flatnonzero(contradicts)
        many = f"{len(rows)} rows contradict trusted rows; at most {MAX_FORBIDDEN} are held one by one"
        return RuleBreaches(
            contradicts,
            (many,) if len(rows) > MAX_FORBIDDEN else (),
            {
                int(row): f"the same as trusted row {self.positions[place[row]]}, but for the label"
                for row in rows[:MAX_FORBIDDEN].tolist()
            },
            Evidence.of_rows(
                [
                    RowEvidence(
                        (row,),
                        {"label": show_label(batch, row), "same as trusted row": int(self.positions[place[row]])},
                    )
                    for row in rows.tolist()
                ],
                **{"share of trusted rows": round(self.natural, 4)},
            ),
        )
