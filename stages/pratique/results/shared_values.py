"""Values that most of some rows share: what may be planted in them, beside how often trusted rows have it."""

from dataclasses import dataclass

import numpy as np

from pratique.core.batch import Batch
from pratique.core.layout import Layout

COMMON = 0.5
"""The share of the rows that must agree."""
SURE = 1e-4
"""Chance, corrected for everything that is tried, at which a common trait is no accident."""
RARE_SHARE = 0.1
"""Share of trusted rows up to which a value counts as one that they hardly ever have."""


@dataclass(frozen=True)
class Agreement:
    """How many rows have something in common, and trusted rows too.

    Attributes
    ----------
    mine, theirs : float
        Shares of the rows and of trusted rows.
    strength : float
        -log10 of the chance that as many trusted rows would share it.
    """

    mine: float
    theirs: float
    strength: float

    def is_sure(self, tests: int) -> bool:
        """Whether that is no accident after so many tests (Bonferroni)."""
        return self.strength - np.log10(tests) >= -np.log10(SURE)


@dataclass(frozen=True)
class SharedValue:
    """One column in which most of the rows hold one value."""

    column: str
    value: float | str
    agreement: Agreement


def agree(here: np.ndarray, there: np.ndarray, most: float = COMMON) -> Agreement | None:
    """What rows have in common by a binomial test against trusted rows; None unless more than `most` of them do.

    Parameters
    ----------
    here, there : ndarray of bool
        Which of the rows and which trusted rows have it.
    """
    from scipy.stats import binom

    count = int(here.sum())
    if count <= most * len(here):
        return None
    share = (int(there.sum()) + 1) / (len(there) + 2)
    strength = -float(binom.logsf(count - 1, len(here), share)) / np.log(10)
    return Agreement(count / len(here), int(there.sum()) / len(there), strength)


def count_tests(rows: Batch) -> int:
    """How many agreements are tried in all: of numbers a value and both ends, of text and the label a value."""
    return 3 * len(rows.layout.numeric) + len(rows.layout.categorical) + 1


def share_values(rows: Batch, trusted: Batch) -> list[SharedValue]:
    """The most common value of each feature and of the label where most rows have it; personal ones aside."""
    layout = rows.layout
    pairs = [
        *zip(layout.numeric, zip(rows.numeric.T, trusted.numeric.T, strict=True), strict=True),
        *zip(layout.categorical, zip(rows.categorical.T, trusted.categorical.T, strict=True), strict=True),
        (layout.label, (rows.labels, trusted.labels)),
    ]
    found = (_share(name, *cells) for name, cells in pairs if name not in layout.personal)
    return [one for one in found if one is not None and _may_show(layout, one)]


def planted_values(rows: Batch, trusted: Batch) -> list[SharedValue]:
    """Two or more features in which the rows surely share a value that trusted rows hardly ever have."""
    tests, label = count_tests(rows), rows.layout.label
    planted = [
        shared
        for shared in share_values(rows, trusted)
        if shared.column != label and shared.agreement.theirs < RARE_SHARE and shared.agreement.is_sure(tests)
    ]
    return planted if len(planted) > 1 else []


def _may_show(layout: Layout, one: SharedValue) -> bool:
    return not isinstance(one.value, str) or layout.may_show(one.column, one.value)


def _share(name: str, here: np.ndarray, there: np.ndarray) -> SharedValue | None:
    if here.dtype.kind == "f":
        here, there = here[~np.isnan(here)], there[~np.isnan(there)]
        if not len(there):
            return None
    else:
        here, there = here.astype(str), there.astype(str)
    if not len(here):
        return None
    values, counts = np.unique(here, return_counts=True)
    common = values[np.argmax(counts)]
    agreement = agree(here == common, there == common)
    return None if agreement is None else SharedValue(name, common.item(), agreement)
