"""What the small charts show, as numbers that a template draws."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from pratique.core.batch import Batch
from pratique.core.layout import Column
from pratique.core.text import shorten
from pratique.provenance.parts import CheckRecord
from pratique.provenance.record import Record
from pratique.words.numbers import number

CHARTS = 12
BINS = 20
LEVELS = 6
WIDTH, HEIGHT = 200, 80
OFTEN = 4


@dataclass(frozen=True)
class Bars:
    """One level of a column: its share among trusted rows and in the batch."""

    name: str
    trusted: float
    batch: float


@dataclass(frozen=True)
class Chart:
    """One column, trusted rows against the batch.

    Attributes
    ----------
    trusted, batch : str
        Paths of the two histograms, for a column of numbers.
    low, high : str
        The ends of the axis.
    levels : tuple of Bars
        For a column of text.
    note : str
        The same in words.
    """

    column: str
    trusted: str = ""
    batch: str = ""
    low: str = ""
    high: str = ""
    levels: tuple[Bars, ...] = ()
    note: str = ""


def charts(facts: Record, batch: Batch, trusted: Batch) -> tuple[list[Chart], int]:
    """A chart for each column that a check points at, at most `CHARTS`, and the number of those left out."""
    layout = batch.layout
    names = [c for c in failing(facts) if c in (*layout.kinds, layout.label) and c not in layout.personal]
    drawn = []
    for name in names[:CHARTS]:
        if name in batch.table.column_names:
            drawn.append(_numeric(name, batch, trusted) if name in layout.numeric else _text(name, batch, trusted))
    return drawn, max(0, len(names) - CHARTS)


def failing(facts: Record) -> list[str]:
    """The columns that the alarming checks' evidence names, in its order, those named by more checks first."""
    named: dict[str, int] = {}
    for check in facts.checks:
        if check.alarm:
            for column in dict.fromkeys(_columns(check)):
                named[column] = named.get(column, 0) + 1
    return sorted(named, key=lambda column: -named[column])


def _columns(check: CheckRecord) -> list[str]:
    """Columns that stand out by a check's evidence, and those in which at least `OFTEN` of its rows do."""
    evidence = check.evidence
    named = [name for each in evidence.columns if each.stands_out for name in each.columns]
    listed = Counter(name for each in evidence.rows for name in each.columns)
    return named + [name for name, count in listed.most_common() if count >= OFTEN]


def _numeric(name: str, batch: Batch, trusted: Batch) -> Chart:
    here = batch.columns[name].values.to_numpy(np.float64, na_value=np.nan)
    there = trusted.columns[name].values.to_numpy(np.float64, na_value=np.nan)
    here, there = here[~np.isnan(here)], there[~np.isnan(there)]
    if not len(here) or not len(there):
        return Chart(shorten(name), note="no readable number on one side")
    edges = _edges(there, here)
    shares = [np.histogram(np.clip(side, edges[0], edges[-1]), edges)[0] / len(side) for side in (there, here)]
    top = max(float(side.max()) for side in shares) or 1.0
    with np.errstate(over="ignore"):
        means = [float(np.mean(side)) for side in (there, here)]
    middle = [number(mean) for mean in means]
    moved = "" if middle[0] == middle[1] else ", which is lower" if means[1] < means[0] else ", which is higher"
    whole = edges[1] - edges[0] == 1 and not float(edges[0]).is_integer()
    return Chart(
        shorten(name),
        _outline(shares[0] / top),
        _outline(shares[1] / top),
        low=number(float(edges[0]) + whole / 2),
        high=number(float(edges[-1]) - whole / 2),
        note=f"mean {middle[0]} in trusted rows, {middle[1]} in the batch{moved}",
    )


def _edges(there: np.ndarray, here: np.ndarray) -> np.ndarray:
    """Bins over the middle 98 % of both sides, one for each of few whole numbers; the outermost take the rest."""
    ends = [np.quantile(side, q, method="nearest") for side in (there, here) for q in (0.01, 0.99)]
    low, high = float(min(ends)), float(max(ends))
    if high <= low:
        high = low + 1.0
    if float(low).is_integer() and float(high).is_integer() and high - low < BINS:
        return np.arange(low - 0.5, high + 1)
    return np.linspace(low, high, BINS + 1)


def _outline(heights: np.ndarray) -> str:
    """An SVG path over the tops of a histogram's bars, closed at the base."""
    step = WIDTH / len(heights)
    tops = [f"V{_short(HEIGHT - HEIGHT * float(h))}H{_short((i + 1) * step)}" for i, h in enumerate(heights)]
    return f"M0 {HEIGHT}{''.join(tops)}V{HEIGHT}Z"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(name: str, batch: Batch, trusted: Batch) -> Chart:
    here, there = _shares(batch.columns[name]), _shares(trusted.columns[name])
    moved = {level: here.get(level, 0.0) - there.get(level, 0.0) for level in sorted({*here, *there})}
    ranked = sorted(moved, key=lambda level: (-abs(moved[level]), level))
    shown = [level for level in ranked if batch.layout.may_show(name, level)][:LEVELS]
    levels = tuple(Bars(shorten(lv) or "(empty)", there.get(lv, 0.0), here.get(lv, 0.0)) for lv in shown)
    left_out = len(moved) - len(shown)
    return Chart(shorten(name), levels=levels, note=f"{left_out:,} more levels moved less" if left_out else "")


def _shares(column: Column) -> dict[str, float]:
    levels = column.values.fillna("").value_counts(normalize=True)
    return {str(level): float(share) for level, share in levels.items()}
