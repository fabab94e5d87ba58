"""How often rows equal one another by chance, and how rare it is that so many of a batch equal those of another."""

from dataclasses import dataclass

import numpy as np

from pratique.statistics.beta_binomial import count_log10_p

SMALLEST_CHANCE, LARGEST_CHANCE = 1e-12, 1 - 1e-9


@dataclass(frozen=True)
class Repetition:
    """Pairs of rows that were compared, and how many of them were equal.

    Attributes
    ----------
    equal, pairs : float
    """

    equal: float
    pairs: float

    @classmethod
    def of_unseen(cls, hashes: np.ndarray) -> "Repetition":
        """Of rows that a sample lacks, from the sample alone (Good, 1953).

        Where f1 values stand in the sample once and f2 twice, of n rows, what it lacks has a chance of f1 / n in all,
        and two rows are the same one of these with a chance of 2 f2 / n^2. So of f1^2 / 2 pairs of such rows about f2
        are equal.
        """
        counts = np.unique(hashes, return_counts=True)[1]
        return cls(float((counts == 2).sum()), float((counts == 1).sum()) ** 2 / 2)

    @classmethod
    def within(cls, rows: int, distinct: int) -> "Repetition":
        """Of the rows of one batch with each other."""
        return cls(float(rows - distinct), rows**2 / 2)

    def __add__(self, other: "Repetition") -> "Repetition":
        return Repetition(self.equal + other.equal, self.pairs + other.pairs)

    @property
    def rate(self) -> float:
        """The chance that two rows are equal, as high as one equal pair more would make it."""
        return min(1.0, (self.equal + 1) / max(self.pairs, 1.0))

    def p_value(self, shared: int, rows: int, others: float) -> float:
        """The chance that so many of these rows, or more, stand among that many others though neither was copied.

        A row stands among m others with a chance q of 1 - exp(-m rate). The rate is known from few equal pairs, so q is
        taken for a Beta variable of that mean, and the number of rows is beta-binomial.
        """
        chance = float(np.clip(-np.expm1(-others * self.rate), SMALLEST_CHANCE, LARGEST_CHANCE))
        a = self.equal + 1
        b = a * (1 - chance) / chance
        case = (np.array([each]) for each in (shared, rows, a, b))
        return float(10 ** count_log10_p(*case)[0])
