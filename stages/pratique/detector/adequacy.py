"""What a reference can promise: few trusted rows don't show how odd clean rows can be."""

import math
from dataclasses import dataclass

ALARMS_TIMES_ROWS = 6.0
"""False alarms a batch, times trusted rows: about what references of 150 to 600 rows kept on average (measured, see
docs/experiments/detection.md). How odd the oddest clean rows are is a matter of luck in so few."""


@dataclass(frozen=True)
class BudgetAdequacy:
    """The budget for false alarms beside what so many trusted rows are worth.

    Attributes
    ----------
    budget : float
        Of 1,000 clean batches, those that may be quarantined.
    trusted : int
        Rows of the reference.
    """

    budget: float
    trusted: int

    @property
    def needed(self) -> int:
        """Trusted rows that it takes to promise the budget."""
        return math.ceil(1000 * ALARMS_TIMES_ROWS / self.budget)

    @property
    def achievable(self) -> float:
        """Of 1,000 clean batches, those that alarm on average over references of this size."""
        return max(self.budget, 1000 * ALARMS_TIMES_ROWS / self.trusted)

    @property
    def warning(self) -> str:
        """What a reference that is too small can promise, in two sentences; empty where it is large enough."""
        if self.trusted >= self.needed:
            return ""
        return (
            f"{self.trusted:,} trusted rows are too few to promise {self.budget:g} false alarms in 1,000 clean "
            f"batches: references of this size kept about {self.achievable:.0f} on average, and some far more. "
            f"It takes {self.needed:,} rows."
        )
