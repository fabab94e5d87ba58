"""What trusted rows themselves hold that people should know of, because every limit is learned from them."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pratique.core.batch import Batch
from pratique.core.errors import printable
from pratique.core.layout import value_of
from pratique.core.text import HIDDEN_MARK, say_count, shorten
from pratique.tables.reading import read_trusted_if_any

FIRST = 10
"""Rows that are named; the others are counted."""
GIVES_AWAY = 0.99
"""Share of rows whose label one column tells, from which on it gives the label away."""
ABOVE_MAJORITY = 0.05
"""How much more that must be than the share of the largest class."""
FEWEST_OF_A_CLASS = 20
"""Rows of a class below which its limits are guesses."""
MOST_CLASSES, SMALL_CLASS = 50, 10
LOWEST = -1e30
"""Stands for a missing number in a tree, which reads 32 bits."""
MOST_JUDGED_COLUMNS = 200
MOST_JUDGED_ROWS = 5000
"""Rows, evenly spaced, of which models say whether their labels fit."""
REMARK_FOLDS = 5
DOUBTED = 0.2
"""Chance that every model gives at most to a label that it contradicts."""


@dataclass(frozen=True)
class Remark:
    """One thing that trusted rows hold.

    Attributes
    ----------
    code : str
        What kind of thing, for programs.
    text : str
        A sentence for people, without a cell of a personal column.
    rows : tuple of int
        The first rows that show it, by position in the reference.
    columns : tuple of str
    """

    code: str
    text: str
    rows: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()


def list_remarks(trusted: Batch, holdout: Batch | None = None) -> list[Remark]:
    """Look for what makes trusted rows teach wrong limits; nothing is dropped."""
    remarks = [*_label(trusted), *_repeats(trusted)]
    if holdout is not None:
        remarks += _in_holdout(trusted, holdout)
    return [*remarks, *_constants(trusted), *_giveaways(trusted), *_find_contradicted_labels(trusted)]


def list_remarks_beside(trusted: Batch, holdout: Path) -> list[Remark]:
    """The same beside the holdout in a folder, if there is one; a model that does not converge says so to nobody."""
    table = read_trusted_if_any(holdout, trusted.layout.ignored, trusted.layout.image)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list_remarks(trusted, None if table is None else Batch("holdout", table, trusted.layout))


def _label(trusted: Batch) -> Iterator[Remark]:
    """What is odd about the label."""
    label, total = trusted.layout.label, len(trusted)
    names, counts = np.unique(trusted.labels[trusted.labels != ""], return_counts=True)
    blank = np.flatnonzero(trusted.labels == "")
    if len(blank):
        yield Remark(
            "label-missing", f"{label}: {len(blank):,} of {total:,} rows have none; calibrate needs all", _first(blank)
        )
    if len(names) < 2:
        yield Remark("one-class", f"{label}: {say_count(len(names), 'value')}; a model needs two or more")
    if len(names) > MOST_CLASSES and np.median(counts) < SMALL_CLASS:
        few = f"half of them in fewer than {SMALL_CLASS} rows"
        yield Remark("many-classes", f"{label}: {len(names):,} values, {few}; is this a class?")
        return
    small = [(name, count) for name, count in zip(names, counts, strict=True) if count < FEWEST_OF_A_CLASS]
    for name, count in small[:FIRST]:
        where = np.flatnonzero(trusted.labels == name)
        text = f"{label}: {say_count(count, 'row')} of {_show(trusted, label, name)}, too few to learn how they look"
        yield Remark("small-class", text, _first(where))
    spellings = pd.Series(names).groupby([value_of(name).casefold() for name in names]).apply(list)
    for alike in spellings[spellings.str.len() > 1]:
        shown = " and ".join(_show(trusted, label, name) for name in alike)
        yield Remark("label-spellings", f"{label}: {shown} may be one value in two spellings")


def _repeats(trusted: Batch) -> Iterator[Remark]:
    """Rows that are there twice, and rows with the same cells under two labels."""
    groups = pd.Series(np.arange(len(trusted))).groupby(_features(trusted))
    twice, conflict = list[np.ndarray](), list[np.ndarray]()
    for rows in groups.indices.values():
        if len(rows) > 1:
            same = len(np.unique(trusted.labels[rows])) == 1
            (twice if same else conflict).append(np.asarray(rows))
    for code, found, words in (
        ("repeats", twice, "repeat another row exactly"),
        ("conflicts", conflict, "have the same cells as another row under another label"),
    ):
        if found:
            several = f"{sum(map(len, found)):,} rows {words}, in {say_count(len(found), 'group')}; the first: "
            first = min(found, key=lambda rows: rows[0])
            listed = " and ".join(map(str, first[:FIRST]))
            yield Remark(code, f"{several}rows {listed}", _first(np.sort(np.concatenate(found))))


def _in_holdout(trusted: Batch, holdout: Batch) -> Iterator[Remark]:
    """Rows that also stand in the holdout."""
    at = {value: row for row, value in reversed(list(enumerate(_features(holdout))))}
    copies = [(row, at[value]) for row, value in enumerate(_features(trusted)) if value in at]
    if copies:
        row, other = copies[0]
        text = f"{say_count(len(copies), 'row')} of the holdout too; the first: row {row} is its row {other}"
        yield Remark("in-holdout", text, tuple(row for row, _ in copies[:FIRST]))


def _constants(trusted: Batch) -> Iterator[Remark]:
    same = tuple(name for name in trusted.layout.kinds if trusted.columns[name].values.nunique(dropna=False) < 2)
    if same:
        more = f" and {len(same) - FIRST:,} more" if len(same) > FIRST else ""
        yield Remark("constant", printable(f"columns that never change: {', '.join(same[:FIRST])}{more}"), (), same)


def _giveaways(trusted: Batch) -> Iterator[Remark]:
    """Columns that tell the label alone, or by being empty: learned on every other row, asked of the rest."""
    from sklearn.tree import DecisionTreeClassifier

    names, classes = np.unique(trusted.labels, return_inverse=True)
    majority = np.bincount(classes).max() / max(1, len(classes))
    needed = max(GIVES_AWAY, min(1.0, majority + ABOVE_MAJORITY))
    if len(names) < 2 or len(names) > MOST_CLASSES or majority + ABOVE_MAJORITY > 1:
        return
    tree = DecisionTreeClassifier(max_leaf_nodes=2 * len(names), random_state=0)
    for name in list(trusted.layout.kinds)[:MOST_JUDGED_COLUMNS]:
        values = trusted.columns[name].values
        empty = values.isna().to_numpy(bool)
        codes = values.factorize()[0] if name in trusted.layout.categorical else trusted.columns[name].numbers
        for cells, how in (
            (empty.astype(float), "by being empty or not"),
            (np.clip(np.nan_to_num(codes, nan=LOWEST), LOWEST, -LOWEST), "alone"),
        ):
            if len(np.unique(cells)) < 2:
                continue
            points = cells[:, None]
            right = (tree.fit(points[::2], classes[::2]).predict(points[1::2]) == classes[1::2]).mean()
            if right >= needed:
                told = f"{name} gives {trusted.layout.label} away {how}: it tells {100 * right:.0f} in 100 rows"
                yield Remark("giveaway", printable(told), (), (name,))
                break


def _find_contradicted_labels(trusted: Batch) -> Iterator[Remark]:
    """Rows whose label all models contradict out of fold.

    Each model gives the row's own label a chance of at most `DOUBTED`. What overlapping classes make of this can't be
    told from labels that are wrong at random, so the sentence names both.
    """
    rows = np.unique(np.linspace(0, len(trusted) - 1, min(len(trusted), MOST_JUDGED_ROWS)).astype(int))
    names, classes, counts = np.unique(trusted.labels[rows], return_inverse=True, return_counts=True)
    if len(names) < 2 or counts.min() < 2 * REMARK_FOLDS or len(names) > MOST_CLASSES:
        return
    chances = _out_of_fold(trusted.take(rows), classes)
    own = [chance[np.arange(len(rows)), classes] for chance in chances]
    found = np.all([chance <= DOUBTED for chance in own], axis=0)
    if found.any():
        mean = np.mean(own, axis=0)
        order = rows[np.flatnonzero(found)[np.argsort(mean[found], kind="stable")]]
        listed = ", ".join(map(str, order[:FIRST]))
        text = (
            f"about {100 * found.mean():.2g} % of the trusted rows look mislabelled ({found.sum():,}), unless the "
            f"classes overlap there: all models contradict their labels; the first: rows {listed}"
        )
        yield Remark("mislabelled", text, _first(order))


def _out_of_fold(trusted: Batch, classes: np.ndarray) -> list[np.ndarray]:
    """The chances of each class by each kind of model, of rows that it has not seen."""
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.neighbors import KNeighborsClassifier

    from pratique.tables.encoding import Encoder

    points = Encoder.fit(trusted).transform(trusted)
    folds = StratifiedKFold(REMARK_FOLDS, shuffle=True, random_state=0)
    models = (
        LogisticRegression(max_iter=200),
        ExtraTreesClassifier(30, min_samples_leaf=2, random_state=0, n_jobs=1),
        KNeighborsClassifier(10),
    )
    return [cross_val_predict(model, points, classes, cv=folds, method="predict_proba") for model in models]


def _features(batch: Batch) -> np.ndarray:
    """A hash of each row's features: the same wherever the row stands, whatever its label."""
    cells = batch.frame[list(batch.layout.kinds)]
    return np.asarray(pd.util.hash_pandas_object(cells, index=False))


def _first(rows: np.ndarray) -> tuple[int, ...]:
    return tuple(int(row) for row in rows[:FIRST])


def _show(trusted: Batch, column: str, cell: str) -> str:
    return HIDDEN_MARK if column in trusted.layout.personal else f"'{shorten(cell)}'"
