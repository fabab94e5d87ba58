"""What a check says of a batch: row scores, one p-value, or broken rules; and the one form that all of these take."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from pratique.contract.evidence import NO_EVIDENCE, Evidence
from pratique.statistics.mixture import PoisonedShare

SHARE_OF_ROWS = "share of rows"
MINUS_LOG10_P = "-log10 p"
MOST_FAULT_CHARACTERS = 300


@dataclass(frozen=True)
class Finding:
    """What one check measured on one batch.

    Attributes
    ----------
    statistic : float
        Higher is more suspicious; NaN where the check failed.
    unit : str
        What the statistic counts, for people: "share of rows", "nats a row".
    row_scores : ndarray of float, shape (rows,), optional
        Finite; higher is more suspicious. None for a check that scores the batch only.
    signals : mapping of str to ndarray of float, shape (rows,)
        What else was measured of each row; finite.
    breaches : tuple of str
        Declared rules that the batch as a whole breaks, each a sentence. One is enough to quarantine.
    forbidden : mapping of int to str
        Rows (by position) that a declared rule forbids, each with the rule it breaks.
    evidence : Evidence
    fault : str, optional
        Why the check could not measure. The verdict fails closed on it.
    share : PoisonedShare, optional
        The share of poisoned rows that it estimates, where it estimates one.
    suspects : mapping of int to float
        Rows, by position, that make up what a check that scores the batch found, each with the log odds that it
        belongs to it; suspect where the batch alarms.
    moved : float
        The share of the columns that a check of their distributions found moved.
    follows_from_shift : bool
        Whether what was found is no news in a batch most of whose columns have moved.
    flagged : ndarray of bool, shape (rows,), optional
        The rows that a check which scores rows flags; the statistic is then their share.
    """

    statistic: float
    unit: str
    row_scores: np.ndarray | None = None
    signals: Mapping[str, np.ndarray] = field(default_factory=dict)
    breaches: tuple[str, ...] = ()
    forbidden: Mapping[int, str] = field(default_factory=dict)
    evidence: Evidence = NO_EVIDENCE
    fault: str | None = None
    share: PoisonedShare | None = None
    suspects: Mapping[int, float] = field(default_factory=dict)
    moved: float = 0.0
    follows_from_shift: bool = False
    flagged: np.ndarray | None = None

    @classmethod
    def of_fault(cls, error: BaseException, told: bool = True) -> "Finding":
        """The finding of a check that failed, with the error in one line; without its text where that may be a cell."""
        text = str(error) if told else "its text is not shown, because columns are personal"
        reason = " ".join(f"{type(error).__name__}: {text}".split())
        return cls(float("nan"), "", fault=reason[:MOST_FAULT_CHARACTERS])

    def take(self, rows: np.ndarray) -> "Finding":
        """What was found of the rows at these positions, increasing, numbered anew; the rest is left as it is."""
        rules = self.forbidden
        forbidden = {at: rules[row] for at, row in enumerate(rows.tolist()) if row in rules} if rules else {}
        scores = None if self.row_scores is None else self.row_scores[rows]
        return replace(self, row_scores=scores, forbidden=forbidden)


@dataclass(frozen=True)
class RowScores:
    """A score for every row. The statistic of the batch is their mean or, where rows are flagged, the share of these.

    Attributes
    ----------
    scores : ndarray of float, shape (rows,)
        Finite; higher is more suspicious.
    unit : str
        What a score counts, for people.
    signals : mapping of str to ndarray of float, shape (rows,)
        What else was measured of each row, by name, the same names for every batch; finite. The fusion reads them
        beside the scores, and their direction is for it to learn.
    evidence : Evidence
    flagged : ndarray of bool, shape (rows,), optional
        The rows that contradict what trusted rows taught: beyond a bound that `fit` fixed. Of every batch or of none.
    flagged_by : str
        What flags them, for people, where the name of the check does not say it.
    """

    scores: np.ndarray
    unit: str
    signals: Mapping[str, np.ndarray] = field(default_factory=dict)
    evidence: Evidence = NO_EVIDENCE
    flagged: np.ndarray | None = None
    flagged_by: str = ""

    def finding(self, rows: int) -> Finding:
        """As a finding on a batch of so many rows.

        Raises
        ------
        ValueError
            If a row has no finite score or signal, or is not answered for.
        """
        for name, values in {"scores": self.scores, **self.signals}.items():
            _require_finite(name, values, rows)
        statistic, unit = float(np.mean(self.scores)), self.unit
        if self.flagged is not None:
            _require_finite("flagged", self.flagged, rows)
            statistic = float(np.mean(self.flagged))
            unit = f"{SHARE_OF_ROWS}, by {self.flagged_by}" if self.flagged_by else SHARE_OF_ROWS
        return Finding(statistic, unit, self.scores, self.signals, evidence=self.evidence, flagged=self.flagged)


@dataclass(frozen=True)
class BatchScore:
    """A p-value of the batch as a whole, corrected for however many questions were asked.

    Attributes
    ----------
    minus_log10_p : float
        Finite. A p-value, so that it behaves alike at every number of rows.
    evidence : Evidence
    suspects : mapping of int to float
        The rows, by position, that make up what was found, each with the log odds, in nats, that it belongs to it.
    moved : float
        The share of the columns whose distribution was found moved, by a check of distributions.
    follows_from_shift : bool
        Whether rows that come from one place or one hour, so that most of their columns have moved, show this anyhow.
    """

    minus_log10_p: float
    evidence: Evidence = NO_EVIDENCE
    suspects: Mapping[int, float] = field(default_factory=dict)
    moved: float = 0.0
    follows_from_shift: bool = False

    def finding(self, rows: int) -> Finding:
        """As a finding.

        Raises
        ------
        ValueError
            If the p-value is no number above 0: NaN would compare false with every limit.
        """
        if not np.isfinite(self.minus_log10_p):
            raise ValueError(f"minus log10 of the p-value is {self.minus_log10_p}, expected a finite number")
        return Finding(
            float(self.minus_log10_p),
            MINUS_LOG10_P,
            evidence=self.evidence,
            suspects=self.suspects,
            moved=self.moved,
            follows_from_shift=self.follows_from_shift,
        )


@dataclass(frozen=True)
class RuleBreaches:
    """Which rows break a declared rule; the statistic of the batch is their share.

    Attributes
    ----------
    broken : ndarray of bool, shape (rows,)
    breaches : tuple of str
        Rules that the batch as a whole breaks, each a sentence.
    forbidden : mapping of int to str
        The rows that must not be accepted, each with the rule it breaks.
    evidence : Evidence
    """

    broken: np.ndarray
    breaches: tuple[str, ...] = ()
    forbidden: Mapping[int, str] = field(default_factory=dict)
    evidence: Evidence = NO_EVIDENCE

    def finding(self, rows: int) -> Finding:
        """As a finding on a batch of so many rows.

        Raises
        ------
        ValueError
            If a row is not answered for.
        """
        scores = self.broken.astype(np.float64)
        _require_finite("broken", scores, rows)
        share = float(np.mean(scores))
        return Finding(share, SHARE_OF_ROWS, scores, {}, self.breaches, self.forbidden, self.evidence)


def _require_finite(name: str, values: np.ndarray, rows: int) -> None:
    """Refuse values that would pass by accident."""
    if values.shape != (rows,) or not np.isfinite(values).all():
        raise ValueError(f"{name} of shape {values.shape}, expected {rows} finite numbers")
