"""What a check is. A check measures, it never decides: whether a measurement is an alarm is the verdict's to say.

There are three kinds. A `RowCheck` scores every row, a `BatchCheck` gives the batch one p-value, a `RuleCheck` holds
rows to declared rules. A check is a pydantic model, whose fields are what params.yaml may set under `checks.<name>`;
`fit` learns from trusted rows and returns the fitted form, which measures batches.
"""

import inspect
import sys
from abc import ABC, abstractmethod
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict

from pratique.contract.drift import ComparedNumbers
from pratique.contract.evidence import MOST_EVIDENCE
from pratique.contract.finding import BatchScore, Finding, RowScores, RuleBreaches
from pratique.contract.subject import ADVICE, Subject
from pratique.core.archive import FieldsOnly
from pratique.core.batch import Batch
from pratique.core.text import HIDDEN_MARK, shorten
from pratique.statistics.autoencoder import Autoencoder
from pratique.statistics.network import Network
from pratique.tables.agreement import TrustedCells
from pratique.tables.counting import CountedColumn
from pratique.tables.encoding import Encoder, Projection, Ranks
from pratique.tables.images import PixelScale


class Fitted(FieldsOnly, ABC):
    """A check that has learned from trusted rows: a frozen dataclass of arrays, numbers, text and estimators."""

    @abstractmethod
    def measure(self, batch: Batch) -> RowScores | BatchScore | RuleBreaches:
        """Measure a batch of one row or more: pure, no clock, no input or output, no global random state."""

    def prepare(self) -> None:
        """Load what measuring takes beyond this module, where it takes long; most checks have nothing to do."""


class FittedRowCheck(Fitted):
    """A fitted check that scores rows."""

    @abstractmethod
    def measure(self, batch: Batch) -> RowScores:
        """Score every row. What a row scores does not depend on the rows beside it."""


class FittedBatchCheck(Fitted):
    """A fitted check that scores the batch."""

    @abstractmethod
    def measure(self, batch: Batch) -> BatchScore:
        """Give the batch a p-value."""


class FittedRuleCheck(Fitted):
    """A fitted check of declared rules."""

    @abstractmethod
    def measure(self, batch: Batch) -> RuleBreaches:
        """Say which rows, and whether the batch as a whole, break a rule."""


class Check(BaseModel, ABC):
    """What all kinds of check share. Subclass one of the three kinds below."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alarm: ClassVar[str]
    """What an alarm means, for people: a clause about the batch."""
    advice: ClassVar[str]
    """What to do about it: one to three sentences. `subject.ADVICE` has those that most checks take."""
    about: ClassVar[Subject]
    budget_share: ClassVar[float | None] = None
    """Its share of the budget for false alarms, in (0, 1); None for an even part of what such checks share."""
    needs: ClassVar[Literal["nothing", "file", "holdout", "images"]] = "nothing"
    """What it needs beside trusted rows: a file that people keep, the holdout, or rows that are images."""
    needs_torch: ClassVar[bool] = False
    """Whether learning takes the extra `torch`."""
    trusts: ClassVar[tuple[str, ...]] = ()
    """Third-party types in its fitted form, by full name, that may be restored from the profile."""

    @classmethod
    def trusted_types(cls) -> set[str]:
        """Full names of the types that its fitted form may hold: its own module's, shared ones, and `trusts`."""
        module = sys.modules[cls.__module__]
        own = [unit for _, unit in inspect.getmembers(module, inspect.isclass) if unit.__module__ == cls.__module__]
        shared: tuple[type, ...] = (CountedColumn, TrustedCells, Encoder, Projection, Ranks)
        shared += (PixelScale, ComparedNumbers, Network, Autoencoder)
        return {f"{unit.__module__}.{unit.__qualname__}" for unit in (*own, *shared)} | set(cls.trusts)

    def with_holdout(self, holdout: Batch | None) -> Self:
        """The same check, told which rows the holdout has, if there is one; most checks don't ask."""
        return self

    @abstractmethod
    def fit(self, trusted: Batch, rng: np.random.Generator) -> Fitted:
        """Learn from trusted rows."""


class RowCheck(Check):
    """A check that scores rows: all of them are weighed with what the other checks measured."""

    judged_alone: ClassVar[bool] = False
    """Whether its statistic, the mean of its scores or the share of the rows that it flags, is judged by itself, too.
    Not where honest change moves it."""
    label_likelihood: ClassVar[bool] = False
    """Whether a score is -log of the probability of the row's label, of all labels that trusted rows have."""

    @abstractmethod
    def fit(self, trusted: Batch, rng: np.random.Generator) -> FittedRowCheck:
        """Learn what normal looks like from trusted rows."""


class BatchCheck(Check):
    """A check that gives the batch one p-value, whose null is learned from trusted rows."""

    valid_by_itself: ClassVar[bool] = False
    """Whether the p-value is valid as it is: then no learned null ever makes it smaller."""
    adds_up: ClassVar[bool] = False
    """Whether p-values add up to an alarm of the source over many batches. Not where honest change moves them."""

    @abstractmethod
    def fit(self, trusted: Batch, rng: np.random.Generator) -> FittedBatchCheck:
        """Learn what normal looks like from trusted rows."""


class DriftCheck(BatchCheck):
    """A check of distributions, whose p-value is valid as it is.

    Honest change moves them, too: `shift.policy` says what becomes of a batch where such checks alone alarm.
    """

    advice: ClassVar[str] = ADVICE["distribution"]
    about: ClassVar[Subject] = "distribution"
    valid_by_itself: ClassVar[bool] = True


class RuleCheck(Check):
    """A check of declared rules: what breaks one is held, whatever the budget."""

    @property
    def place(self) -> str:
        """Where the rules stand that people wrote, for messages; empty where nobody wrote them."""
        return ""

    @abstractmethod
    def fit(self, trusted: Batch, rng: np.random.Generator) -> FittedRuleCheck:
        """Read the rules, and prove that they can be applied to trusted rows."""


CHECK_KINDS: tuple[tuple[type[Fitted], type[RowScores] | type[BatchScore] | type[RuleBreaches]], ...] = (
    (FittedRowCheck, RowScores),
    (FittedBatchCheck, BatchScore),
    (FittedRuleCheck, RuleBreaches),
)
"""What each kind of fitted check must return."""


def measure(fitted: Fitted, batch: Batch) -> Finding:
    """Measure, and turn a crash into a finding with a fault: a check that fails never passes a batch.

    So does a check that returns anything but what its kind must. A batch without rows breaks a rule by itself; a
    check is not asked about it.
    """
    if not len(batch):
        return Finding(0.0, "", np.zeros(0), breaches=("the batch has no rows",))
    try:
        measured = fitted.measure(batch)
        wanted = tuple(result for kind, result in CHECK_KINDS if isinstance(fitted, kind))
        if not isinstance(measured, wanted):
            names = " or ".join(each.__name__ for each in wanted) or "a fitted form of one of the three kinds"
            raise TypeError(f"{type(fitted).__name__} returned {type(measured).__name__}, expected {names}")
        return measured.finding(len(batch))
    except (Exception, SystemExit) as error:  # whatever a hostile batch provokes ends in quarantine, not in a traceback
        return Finding.of_fault(error, told=not batch.layout.personal)


def rank_rows(batch: Batch, scores: np.ndarray) -> np.ndarray:
    """Positions of the `MOST_EVIDENCE` highest scores, highest first.

    Scores that differ in the last bits, as they do from one kind of processor to another, count as equal: those
    rows stand in the order of their labels, then of the batch.
    """
    rounded = scores.round(9)
    high = np.arange(len(rounded))
    if len(rounded) > MOST_EVIDENCE:
        high = np.flatnonzero(rounded >= np.partition(rounded, -MOST_EVIDENCE)[-MOST_EVIDENCE])
    return high[np.lexsort((batch.labels[high], -rounded[high]))[:MOST_EVIDENCE]]


def show_label(batch: Batch, row: int) -> str:
    """The label of a row as evidence may show it."""
    label = str(batch.labels[row])
    return shorten(label) if batch.layout.may_show(batch.layout.label, label) else HIDDEN_MARK
