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

COINCIDE = 0.005
"""Share of trusted rows that stand there under two labels, up to which a row that contradicts them is held back."""


class Conflicts(RuleCheck):
    """A row whose cells all equal those of a trusted row, under a label that no such row has, is held back.

    Claim: finds exact copies of trusted rows with the label changed. Where more than 5 in 1,000 trusted rows contradict
    one another, as in tables of few columns, no row is held: there the same cells honestly have several labels.

    Formula: equality of a 64-bit hash over all features. The statistic is the share of rows that contradict; its null
    knows how many trusted rows do.

    Cost: O(rows log reference rows).
    """

    alarm: ClassVar[str] = "rows contradict trusted rows that are the same but for the label"
    advice: ClassVar[str] = ADVICE["labels"]
    about: ClassVar[Subject] = "labels"

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedConflicts":
        """Remember the trusted rows, each once for every label it has."""
        first = np.unique(trusted.content, return_index=True)[1]
        first = first[np.argsort(trusted.features[first], kind="stable")]
        features, times = np.unique(trusted.features[first], return_counts=True)
        twice = np.isin(trusted.features, features[times > 1])
        return FittedConflicts(trusted.features[first], trusted.content[first], first, float(twice.mean()))


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
        contradicts = known & ~np.isin(batch.content, self.contents)
        rows = np.flatnonzero(contradicts)
        held = rows if self.natural <= COINCIDE else rows[:0]
        many = f"{len(held)} rows contradict trusted rows; at most {MAX_FORBIDDEN} are held one by one"
        return RuleBreaches(
            contradicts,
            (many,) if len(held) > MAX_FORBIDDEN else (),
            {
                int(row): f"the same as trusted row {self.positions[place[row]]}, but for the label"
                for row in held[:MAX_FORBIDDEN]
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
