"""What the suspects of a batch have in common, and trusted rows have not."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from pratique.core.batch import Batch
from pratique.core.text import shorten
from pratique.dossier.trusted import Trusted
from pratique.results.shared_values import Agreement, agree, count_tests, planted_values, share_values
from pratique.words.numbers import join_list, percent
from pratique.words.worth import show_value

FEWEST_SUSPECTS = 3
MOST_ROWS = 2000
"""Suspects that are compared with trusted rows, the first in the file."""
MOST_TRAITS = 6
FEWEST_REPEATS = 0.05
"""Share of a batch's rows that must repeat another one."""


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
    agreement: Agreement


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
    shared = share_values(suspects, trusted.rows)
    exact = [_Found(one.column, f"is {show_value(one.value)}", one.agreement) for one in shared]
    ends = _ends(suspects, trusted.rows, {one.column for one in shared})
    grouped: dict[str, list[_Found]] = defaultdict(list)
    for found in exact + ends:
        if found.agreement.is_sure(count_tests(suspects)):
            grouped[found.what].append(found)
    planted = {one.column for one in planted_values(suspects, trusted.rows)}
    ordered = sorted(
        (_trait(group, planted) for group in grouped.values()), key=lambda trait: (-trait.strength, trait.text)
    )
    return ordered[:MOST_TRAITS] + _places(rows, of)


def _ends(suspects: Batch, trusted: Batch, agreed: set[str]) -> list[_Found]:
    """Columns of numbers without one common value in which most suspects lie at the same end."""
    found = []
    for i, name in enumerate(suspects.layout.numeric):
        mine, theirs = suspects.numeric[:, i], trusted.numeric[:, i]
        theirs = theirs[~np.isnan(theirs)]
        if name in agreed or name in suspects.layout.personal or not len(theirs):
            continue
        low, high = np.quantile(theirs, [0.05, 0.95])
        for what, here, there in (("higher", mine > high, theirs > high), ("lower", mine < low, theirs < low)):
            agreement = agree(here, there)
            if agreement is not None:
                found.append(_Found(name, f"is {what} than in 19 of 20 trusted rows", agreement))
    return found


def _trait(group: list[_Found], planted: set[str]) -> Trait:
    group = sorted(group, key=lambda one: (-one.agreement.strength, one.column))
    names = join_list([shorten(one.column) for one in group])
    mine, theirs = (_span([getattr(one.agreement, side) for one in group]) for side in ("mine", "theirs"))
    each = "each " if len(group) > 1 else ""
    text = f"{names} {each}{group[0].what} in {mine} of the suspects, in {theirs} of trusted rows"
    return Trait(text, any(one.column in planted for one in group), group[0].agreement.strength)


def _span(shares: list[float]) -> str:
    low, high = percent(min(shares), 0), percent(max(shares), 0)
    return low if low == high else f"{low.removesuffix(' %')} to {high}"


def repeats(batch: Batch, trusted: Batch) -> Trait | None:
    """Whether clearly more rows of a batch repeat another one of it exactly than trusted rows do."""
    rows = min(len(batch), len(trusted))
    mine, theirs = (int(some.frame[:rows].duplicated(keep=False).sum()) for some in (batch, trusted))
    agreement = agree(np.arange(rows) < mine, np.arange(rows) < theirs, FEWEST_REPEATS)
    if agreement is None or not agreement.is_sure(tests=1):
        return None
    shares = percent(mine / rows, 0), percent(theirs / rows, 0)
    text = (
        f"{shares[0]} of the batch's rows, suspect or not, repeat another one exactly; of trusted rows {shares[1]} do"
    )
    return Trait(text, False, agreement.strength)


def _places(rows: list[int], of: int) -> list[Trait]:
    """Whether the suspects stand together in the file."""
    span = max(rows) - min(rows) + 1
    if span <= min(2 * len(rows), of // 2) and len(rows) >= 2 * FEWEST_SUSPECTS:
        return [Trait(f"they stand together: all between rows {min(rows):,} and {max(rows):,}", False, 0.0)]
    return []
