"""What an audit is: a measurement of a trained model, in figures with intervals and reasons in plain words."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict

from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.requirement import Requirement
from pratique.core.text import name_classes
from pratique.statistics.resampling import Estimate

MOST_AUDITED_ROWS = 1000
"""Rows of the holdout, evenly spaced, that an audit asks about which asks many times of each."""

Peer = Literal["everything", "reference"]
"""The models beside the one that is shipped: of all that came in, and of the trusted rows alone."""


class Predictor(Protocol):
    """A trained model, as an audit sees it: it answers, and nobody looks inside."""

    @property
    def classes(self) -> np.ndarray:
        """The labels that it knows, sorted."""

    def predict(self, batch: Batch) -> np.ndarray:
        """The most probable label of each row."""

    def probabilities(self, batch: Batch) -> np.ndarray | None:
        """The probability of each class, shape (rows, classes); None if the model tells none."""


@dataclass(frozen=True)
class Audited:
    """A model, and what it may be measured by.

    Attributes
    ----------
    model : Predictor
        The one that is shipped.
    reference, holdout : Batch
        Trusted rows: those that models learn from, and those that none does.
    accepted : tuple of Batch
        The batches that it learned from, each by its name.
    learned : Batch
        All rows that it learned from: trusted ones first, if any, then those of the batches in their order.
    train : callable
        Trains a model of the same kind on other rows.
    train_peer : callable
        Trains a model beside it, of the same kind.
    baseline : Predictor, optional
        The model of data/baseline.
    requirements : mapping of str to Requirement
    promoted : tuple of ndarray of int
        Positions of the reference's rows that were promoted, a batch each, in the order in which batches came in.
    """

    model: Predictor
    reference: Batch
    holdout: Batch
    accepted: tuple[Batch, ...]
    learned: Batch
    train: Callable[[Batch], Predictor]
    train_peer: Callable[[Peer], Predictor]
    baseline: Predictor | None = None
    requirements: Mapping[str, Requirement] = field(default_factory=dict)
    promoted: tuple[np.ndarray, ...] = ()

    def sample_holdout(self, most: int = MOST_AUDITED_ROWS) -> Batch:
        """The holdout, or so many evenly spaced rows of it."""
        rows = np.linspace(0, len(self.holdout) - 1, min(most, len(self.holdout))).astype(int)
        return self.holdout.take(rows)

    def show_classes(self) -> dict[str, str]:
        """Every class by what people may see of it."""
        layout = self.reference.layout
        classes = sorted({str(name) for name in (*self.model.classes, *self.holdout.labels)})
        return dict(zip(classes, name_classes(classes, layout.label in layout.personal), strict=True))


@dataclass(frozen=True)
class AuditTable:
    """Lines for people that are no figures: what stands in them was chosen to be shown."""

    title: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class AuditPicture:
    """A grey picture: lines of shares from 0, white, to 1, black."""

    title: str
    lines: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, title: str, pixels: np.ndarray, image: tuple[int, int, int]) -> "AuditPicture":
        """Of the pixels of a row, the mean of the channels of each."""
        grid = pixels.reshape(image).mean(axis=2)
        return cls(title, tuple(tuple(line) for line in grid.tolist()))


@dataclass(frozen=True)
class AuditFinding:
    """What an audit found.

    Attributes
    ----------
    figures : dict of str to Estimate
        Of the model that is shipped. A figure that is told apart has what of in brackets: `flips[spam]`.
    reasons : tuple of str
        Sentences: what was measured and found, or why it was not measured.
    others : dict of str to dict of str to Estimate
        Figures of other models, by model.
    tables : tuple of AuditTable
    pictures : tuple of AuditPicture
    """

    figures: dict[str, Estimate] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    others: dict[str, dict[str, Estimate]] = field(default_factory=dict)
    tables: tuple[AuditTable, ...] = ()
    pictures: tuple[AuditPicture, ...] = ()


class Audit(BaseModel, ABC):
    """An audit and its params: the fields of a subclass."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: ClassVar[str]
    """What it asks, as a heading."""
    meanings: ClassVar[dict[str, str]]
    """What each figure is, by its name without brackets."""
    remedies: ClassVar[dict[str, str]]
    """What to do where a figure breaks a requirement, with a command; by its name without brackets."""

    @abstractmethod
    def measure(self, audited: Audited, rng: np.random.Generator) -> AuditFinding:
        """Measure a model; what can't be measured is a reason, not an error. Bad configuration raises."""


def run_audit(audit: Audit, audited: Audited, rng: np.random.Generator) -> AuditFinding:
    """What an audit finds; one that crashes measures nothing, so that what it should measure can't be decided.

    Raises
    ------
    PratiqueError
        If its params name what is not there.
    """
    try:
        found = audit.measure(audited, rng)
    except PratiqueError:
        raise
    except Exception as error:  # its text may hold a cell
        return AuditFinding(reasons=(f"It failed ({type(error).__name__}), so nothing is measured.",))
    ends = [
        (each.low, each.value, each.high) for part in (found.figures, *found.others.values()) for each in part.values()
    ]
    if not np.isfinite(np.array(ends)).all():
        return AuditFinding(reasons=("It gave a figure that is no number, so nothing is measured.",))
    return found


def plain_name(figure: str) -> str:
    """A figure without what it is told apart by.

    Examples
    --------
    >>> plain_name("flips[spam]"), plain_name("flips")
    ('flips', 'flips')
    """
    return figure.partition("[")[0]
