"""What the suspects of a batch have in common, and trusted rows have not."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from pratique.core.batch import Batch
from pratique.core.text import shorten
from pratique.dossier.trusted import Trusted
from pratique.words.verdicts import join_list, number, percent

FEWEST_SUSPECTS = 3
MOST_ROWS = 2000
"""Suspects that are compared with trusted rows, the first in the file."""
SURE = 1e-4
"""Chance, corrected for everything that is tried, at which a common trait is no accident."""
MOST_TRAITS = 6
RARE_TRAIT_SHARE = 0.1
EXACT_PREFIX = "is exactly "


@dataclass(frozen=True)
class Trait:
    """Something that most of the suspects share.

    Attributes
    ----------
    text : str
    planted : bool
        Whether it is an exact value, in one of two or more columns, that trusted rows hardly ever have.
    strength : float
        -log10 of the chance that as many trusted rows would share it.
    """

    text: str
    planted: bool
    strength: float


@dataclass(frozen=True)
class _Found:
    """One column in which the suspects agree; `what` says how, such as `is 16`."""

    column: str
    what: str
    mine: float
    theirs: float
    strength: float

    @property
    def exact(self) -> bool:
        """Whether they agree in one value."""
        return self.what.startswith(EXACT_PREFIX)


def traits(suspects: Batch, rows: list[int], of: int, trusted: Trusted) -> list[Trait]:
    """What most of the suspects share, the least accidental first.

    For every column the most common exact value, and for numbers being above or below nineteen in twenty trusted
    rows, is counted among the suspects and among the trusted rows; a binomial test, corrected for the number of
    tests, says what is no accident. Columns that agree in the same way are named together.

    Parameters
    ----------
    suspects : Batch
    rows : list of int
        Their positions in the batch.
    of : int
        The rows of the batch.
    trusted : Trusted
    """
    if len(suspects) < FEWEST_SUSPECTS:
        return []
    found = _numbers(suspects, trusted.rows) + _levels(suspects, trusted.rows)
    tests = 3 * len(suspects.layout.numeric) + len(suspects.layout.categorical) + 1
    sure = [f for f in found if f.strength - np.log10(tests) >= -np.log10(SURE)]
    grouped: dict[str, list[_Found]] = defaultdict(list)
    for one in sure:
        grouped[one.what].append(one)
    label = suspects.layout.label
    planted = {one.column for one in sure if one.exact and one.theirs < RARE_TRAIT_SHARE and one.column != label}
    grouped_traits = [_trait(group, planted if len(planted) > 1 else set()) for group in grouped.values()]
    shared = sorted(grouped_traits, key=lambda trait: (-trait.strength, trait.text))
    return shared[:MOST_TRAITS] + _places(rows, of)


def _numbers(suspects: Batch, trusted: Batch) -> list[_Found]:
    found = []
    hidden = set(suspects.layout.personal)
    for i, name in enumerate(suspects.layout.numeric):
        if name in hidden:
            continue
        mine, theirs = suspects.numeric[:, i], trusted.numeric[:, i]
        values, counts = np.unique(mine[~np.isnan(mine)], return_counts=True)
        theirs = theirs[~np.isnan(theirs)]
        if not len(values) or not len(theirs):
            continue
        common = values[np.argmax(counts)]
        low, high = np.quantile(theirs, [0.05, 0.95])
        found += _agreement(name, f"{EXACT_PREFIX}{number(float(common))}", mine == common, theirs == common) or [
            *_agreement(name, "is higher than in 19 of 20 trusted rows", mine > high, theirs > high),
            *_agreement(name, "is lower than in 19 of 20 trusted rows", mine < low, theirs < low),
        ]
    return found


def _levels(suspects: Batch, trusted: Batch) -> list[_Found]:
    layout = suspects.layout
    found = []
    columns = dict(
        zip(layout.categorical, zip(suspects.categorical.T, trusted.categorical.T, strict=True), strict=True)
    )
    for name, (mine, theirs) in (columns | {layout.label: (suspects.labels, trusted.labels)}).items():
        if name in layout.personal:
            continue
        levels, counts = np.unique(mine.astype(str), return_counts=True)
        common = levels[np.argmax(counts)]
        if not layout.may_show(name, str(common)):
            continue
        what = f"{EXACT_PREFIX}'{shorten(str(common))}'"
        found += _agreement(name, what, mine.astype(str) == common, theirs.astype(str) == common)
    return found


def _agreement(name: str, what: str, here: np.ndarray, there: np.ndarray, most: float = 0.5) -> list[_Found]:
    """One entry if more than this share of the suspects agree, none otherwise."""
    from scipy.stats import binom

    count = int(here.sum())
    if count <= most * len(here):
        return []
    share = (int(there.sum()) + 1) / (len(there) + 2)
    strength = -float(binom.logsf(count - 1, len(here), share)) / np.log(10)
    return [_Found(name, what, count / len(here), int(there.sum()) / len(there), strength)]


def _trait(group: list[_Found], planted: set[str]) -> Trait:
    group = sorted(group, key=lambda one: (-one.strength, one.column))
    names = join_list([shorten(one.column) for one in group])
    mine, theirs = (_span([getattr(one, side) for one in group]) for side in ("mine", "theirs"))
    each = "each " if len(group) > 1 else ""
    what = group[0].what.replace(EXACT_PREFIX, "is ")
    text = f"{names} {each}{what} in {mine} of the suspects, in {theirs} of trusted rows"
    return Trait(text, group[0].exact and any(one.column in planted for one in group), group[0].strength)


def _span(shares: list[float]) -> str:
    low, high = percent(min(shares), 0), percent(max(shares), 0)
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def repeats(batch: Batch, trusted: Batch) -> Trait | None:
    """Whether clearly more rows of a batch repeat another one of it exactly than trusted rows do."""
    rows = min(len(batch), len(trusted))
    mine, theirs = (int(some.frame[:rows].duplicated(keep=False).sum()) for some in (batch, trusted))
    agreement = _agreement("", "", np.arange(rows) < mine, np.arange(rows) < theirs, most=0.05)
    if not agreement or agreement[0].strength < -np.log10(SURE):
        return None
    shares = percent(mine / rows, 0), percent(theirs / rows, 0)
    text = (
        f"{shares[0]} of the batch's rows, suspect or not, repeat another one exactly; of trusted rows {shares[1]} do"
    )
    return Trait(text, False, agreement[0].strength)


def _places(rows: list[int], of: int) -> list[Trait]:
    """Whether the suspects stand together in the file."""
    span = max(rows) - min(rows) + 1
    if span <= min(2 * len(rows), of // 2) and len(rows) >= 2 * FEWEST_SUSPECTS:
        return [Trait(f"they stand together: all between rows {min(rows):,} and {max(rows):,}", False, 0.0)]
    return []
