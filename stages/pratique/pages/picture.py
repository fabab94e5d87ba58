"""The gist of a batch's page as a PNG picture, for those who look at a change on a telephone."""

import re
import textwrap
import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from pratique.core.errors import printable
from pratique.dossier.charts import Chart
from pratique.dossier.dossier import Dossier
from pratique.dossier.suspects import Suspect
from pratique.pages.batch_page import gist
from pratique.words import verdicts as words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE_LENGTH = 100
LABEL_LENGTH = 40
LINE_HEIGHT = 0.2
PICTURED_SUSPECTS = 8
PICTURED_CHARTS = 4
TRUSTED_COLOUR, BATCH_COLOUR = "#7a8594", "#b3261e"
TOPS = re.compile(r"V([0-9.]+)H[0-9.]+")
"""The tops of the bars in the outline of a chart."""


def draw_picture(dossier: Dossier, budget: float) -> bytes:
    """What is wrong with a batch, the columns that moved and its first suspects.

    Parameters
    ----------
    dossier : Dossier
    budget : float
        The share of clean batches that may be quarantined.
    """
    from matplotlib.figure import Figure

    charts = dossier.charts[:PICTURED_CHARTS]
    above, below = _describe(dossier, budget), _list_suspects(dossier)
    sizes = [LINE_HEIGHT * len(above) + 0.2, 1.6 * bool(charts), LINE_HEIGHT * len(below) + 0.2]
    figure = Figure(figsize=(7.4, sum(sizes)), dpi=110, facecolor="white")
    height = sum(sizes)
    _write(figure, above, 1.0)
    _write(figure, below, sizes[2] / height)
    for i, chart in enumerate(charts):
        bottom, share = sizes[2] + 0.35, 0.96 / PICTURED_CHARTS
        _draw(figure.add_axes((0.02 + i * share, bottom / height, share * 0.9, 0.9 / height)), chart)
    out = BytesIO()
    with warnings.catch_warnings(action="ignore"):  # a letter that the font lacks is drawn as a box
        figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _describe(dossier: Dossier, budget: float) -> list[str]:
    facts = dossier.facts
    state = f"{facts.batch}: {words.STATES[facts.state].lower()}"
    texts = [words.headline(facts), words.certainty(facts, budget), gist(dossier)]
    return [printable(state)[:LINE_LENGTH], *(line for text in texts for line in _wrap(text))]


def _list_suspects(dossier: Dossier) -> list[str]:
    cards = dossier.ranking.cards[:PICTURED_SUSPECTS]
    if not cards:
        return []
    return ["The first suspects, rows counted from 0", *(_wrap(_tell(card))[0] for card in cards)]


def _tell(card: Suspect) -> str:
    label, count = card.votes
    said = f"{count} of {len(card.neighbours)} neighbours say {label}. " if card.contradicted else ""
    return f"Row {card.row}, labelled {card.shown.label}. {said}{card.reason}"


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(printable(text), LINE_LENGTH, max_lines=3, placeholder=" …")


def _write(figure: "Figure", lines: list[str], top: float) -> None:
    """Lines of text, the first of them bold, from a height on downwards."""
    size = figure.get_figheight()
    for i, line in enumerate(lines):
        y = top - (0.15 + LINE_HEIGHT * i) / size
        weight = "normal" if i else "bold"
        figure.text(0.02, y, line, fontsize=9, fontweight=weight, va="center", parse_math=False)


def _label(text: str) -> str:
    return printable(text)[:LABEL_LENGTH]


def _draw(axes: "Axes", chart: Chart) -> None:
    """Trusted rows in grey, the batch in red."""
    axes.set_title(_label(chart.column), fontsize=8, loc="left", parse_math=False)
    sides = ((chart.trusted, TRUSTED_COLOUR), (chart.batch, BATCH_COLOUR))
    for outline, colour in sides:
        heights = [-float(top) for top in TOPS.findall(outline)]
        axes.step(range(len(heights)), heights, where="mid", color=colour, linewidth=1.2)
    for i, bar in enumerate(chart.levels):
        axes.barh(-i + 0.2, bar.trusted, 0.35, color=TRUSTED_COLOUR)
        axes.barh(-i - 0.2, bar.batch, 0.35, color=BATCH_COLOUR)
        axes.text(0.0, -i, f" {_label(bar.name)}", fontsize=7, va="center", parse_math=False)
    axes.set(xticks=[], yticks=[])
    axes.set_xlabel(_label(f"{chart.low}    {chart.high}".strip()), fontsize=7, parse_math=False)
