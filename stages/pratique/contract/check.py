"""What a check is. A check measures, it never decides: whether a measurement is an alarm is the verdict's to say."""

import inspect
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from pratique.core.archive import FieldsOnly
from pratique.core.batch import Batch
from pratique.tables.agreement import TrustedCells
from pratique.tables.encoding import Encoder, Projection, Ranks

Item = TypeVar("Item")

CAP = 20
"""Entries of a list of evidence: a poisoned batch must not swell its own report. What is left out is counted."""


@dataclass(frozen=True)
class Finding:
    """What one check measured on one batch.

    Attributes
    ----------
    statistic : float
        Higher is more suspicious. Where `row_scores` are given it is their mean; elsewhere it must be
        standardised for the number of rows (a p-value's logarithm, say), because its behaviour on
        clean rows is learned on few sizes.
    unit : str
        What the statistic counts, for people: "share of rows", "nats a row".
    row_scores : ndarray of float, shape (rows,), optional
        Finite; higher is more suspicious.
    signals : dict of str to ndarray of float, shape (rows,)
        What else was measured of each row, by name, the same names for every batch; finite. The fusion reads them
        beside the row scores, and their direction is for it to learn.
    breaches : tuple of str
        Declared rules that the batch as a whole breaks, each a sentence. One is enough to quarantine.
    forbidden : dict of int to str
        Rows (by position) that a declared rule forbids, each with the rule it breaks.
    evidence : dict
        JSON that a person understands. Lists hold at most `CAP` entries.
    fault : str, optional
        Why the check could not measure. The verdict fails closed on it.
    """

    statistic: float
    unit: str
    row_scores: np.ndarray | None = None
    signals: dict[str, np.ndarray] = field(default_factory=dict)
    breaches: tuple[str, ...] = ()
    forbidden: dict[int, str] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)
    fault: str | None = None

    @classmethod
    def of_rows(
        cls,
        row_scores: np.ndarray,
        unit: str,
        *,
        signals: dict[str, np.ndarray] | None = None,
        breaches: tuple[str, ...] = (),
        forbidden: dict[int, str] | None = None,
        evidence: dict[str, Any] | None = None,
    ) -> "Finding":
        """A finding whose statistic is the mean of its row scores."""
        return cls(
            float(np.mean(row_scores)),
            unit,
            row_scores,
            signals or {},
            breaches=breaches,
            forbidden=forbidden or {},
            evidence=evidence or {},
        )


class Fitted(FieldsOnly, ABC):
    """A check that has learned from trusted rows: a frozen dataclass of arrays, numbers, text and estimators."""

    @abstractmethod
    def measure(self, batch: Batch) -> Finding:
        """Measure a batch of one row or more: pure, no clock, no input or output, no global random state."""


class Check(BaseModel, ABC):
    """A check and its params: the fields of a subclass are what params.yaml may set under `checks.<name>`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    says: ClassVar[str]
    """What an alarm of this check means, for people: a clause about the batch."""
    alone: ClassVar[bool] = True
    """Whether its statistic is judged by itself. One that honest change moves is weighed with all others only."""
    chance: ClassVar[bool] = False
    """Whether its statistic is -log10 of a chance: then no null makes it rarer than that."""
    likelihood: ClassVar[bool] = False
    """Whether a row's score is -log of the probability of its label, of all labels that trusted rows have."""
    learns: ClassVar[bool] = True
    """Whether fitting learns from the rows. A check of declared rules does not, so it needs no folds."""
    trusts: ClassVar[tuple[str, ...]] = ()
    """Third-party types in its fitted form, by full name, that may be restored from the profile."""

    @classmethod
    def trusted_types(cls) -> set[str]:
        """Full names of the types that its fitted form may hold: its own, those of core, and `trusts`."""
        module = sys.modules[cls.__module__]
        own = [unit for _, unit in inspect.getmembers(module, inspect.isclass) if unit.__module__ == cls.__module__]
        return {
            f"{unit.__module__}.{unit.__qualname__}" for unit in (*own, TrustedCells, Encoder, Projection, Ranks)
        } | set(cls.trusts)

    @abstractmethod
    def fit(self, trusted: Batch, rng: np.random.Generator) -> Fitted:
        """Learn what normal looks like from trusted rows."""


def measure(fitted: Fitted, batch: Batch) -> Finding:
    """Measure, and turn a crash into a finding with a fault: a check that fails never passes a batch.

    A batch without rows breaks a rule by itself; a check is not asked about it.
    """
    if not len(batch):
        return Finding(0.0, "", np.zeros(0), breaches=("the batch has no rows",))
    try:
        finding = fitted.measure(batch)
        _assert_sound(finding, len(batch))
    except Exception as error:  # whatever a hostile batch provokes must end in quarantine, not in a traceback
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return Finding(float("nan"), "", fault=reason[:300])
    return finding


def _assert_sound(finding: Finding, rows: int) -> None:
    """Refuse a finding that would pass by accident: NaN compares false with every limit."""
    if not np.isfinite(finding.statistic):
        raise ValueError(f"statistic is {finding.statistic}, expected a finite number")
    by_row = {"row scores": finding.row_scores} | finding.signals
    for name, values in by_row.items():
        if values is not None and (values.shape != (rows,) or not np.isfinite(values).all()):
            raise ValueError(f"{name} of shape {values.shape}, expected {rows} finite numbers")


def most_suspicious(batch: Batch, scores: np.ndarray) -> np.ndarray:
    """Positions of the `CAP` highest scores, highest first.

    Scores that differ in the last bits, as they do from one kind of processor to another, count as equal: those
    rows stand in the order of their labels, then of the batch.
    """
    return np.lexsort((batch.labels, -scores.round(9)))[:CAP]


def capped(items: list[Item]) -> dict[str, Any]:
    """The first `CAP` items, and how many were left out."""
    return {"shown": items[:CAP], "left_out": max(0, len(items) - CAP)}
