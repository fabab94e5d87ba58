"""The picture of what the gate was worth: a dot and its interval for each model, by accuracy and by attack success."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pratique.core.params import PLAIN_TRAINING, TrainParams
from pratique.results.answers import SUCCESS
from pratique.results.certificates import read_certificates
from pratique.results.comparison import Comparison, read_comparison
from pratique.results.measures import has_evaluated, read_weights
from pratique.results.triggers import FoundTrigger, read_triggers
from pratique.statistics.resampling import Estimate
from pratique.words.numbers import join_list, percent
from pratique.words.worth import (
    MODELS,
    PLURALS,
    certified_sentence,
    interval,
    method_sentence,
    show_value,
    worth_sentences,
)

LEFT, RIGHT = 190, 560
LINE = 34
MOST_REPLACED = 8
"""Lines of the picture of what is certified."""
AXIS_ROOM = 0.15
"""Room on both sides of what is drawn, as a share of its width."""


@dataclass(frozen=True)
class Dot:
    """One model's figure on an axis, with its interval."""

    model: str
    name: str
    x: str
    low: str
    high: str
    y: int
    text: str


@dataclass(frozen=True)
class Panel:
    """One measure: a dot for each model, and the ends of the axis."""

    title: str
    dots: tuple[Dot, ...]
    ends: tuple[str, str]

    @property
    def height(self) -> int:
        """In units of the picture."""
        return LINE * (len(self.dots) + 1)


@dataclass(frozen=True)
class Worth:
    """What the page of all batches says of the models.

    Attributes
    ----------
    sentences : tuple of str
    panels : tuple of Panel
    triggers : tuple of (str, str, str)
        What each found trigger writes, the label that it stands for, and the batches that carry it.
    reference_apart : bool
        Whether the model with the gate learned from accepted rows alone, the one without it from the reference too.
    """

    sentences: tuple[str, ...]
    panels: tuple[Panel, ...]
    triggers: tuple[tuple[str, str, str], ...]
    reference_apart: bool


def read_worth(params: TrainParams) -> Worth | None:
    """The comparison of this run; None where evaluate has not run.

    Raises
    ------
    PratiqueError
        If its metrics are damaged.
    """
    found = read_comparison()
    if found is None:
        return None
    panels = [_panel("Accuracy on the holdout", found, "accuracy")]
    if SUCCESS in found.models["accepted"]:
        panels.append(_panel("A found trigger works", found, SUCCESS, whole=True))
    sentences = worth_sentences(found)
    if params.method != PLAIN_TRAINING:
        sentences.append(method_sentence(params.method_name, read_weights()))
    for unit, certified in read_certificates().items():
        sentences.append(certified_sentence(unit, certified))
        panels.append(_certified_panel(unit, certified))
    triggers = tuple(map(_describe, read_triggers() if has_evaluated() else []))
    return Worth(tuple(sentences), tuple(panels), triggers, params.rows == "accepted")


def _panel(title: str, found: Comparison, measure: str, whole: bool = False) -> Panel:
    """A measure of all models; the axis is the whole of 0 to 100 % or what is needed."""
    estimates = {model: found.models[model][measure] for model in MODELS}
    low, high = min(each.low for each in estimates.values()), max(each.high for each in estimates.values())
    room = max(AXIS_ROOM * (high - low), 0.005)
    ends = (0.0, 1.0) if whole else (max(0.0, low - room), min(1.0, high + room))
    dots = tuple(_dot(model, estimates[model], i, *ends) for i, model in enumerate(MODELS))
    return Panel(title, dots, (percent(ends[0]), percent(ends[1])))


def _certified_panel(unit: str, certified: Mapping[int, Estimate]) -> Panel:
    """The share of the holdout that stays right, by how many sources or batches are replaced; the first few."""
    shown = [(replaced, each) for replaced, each in certified.items() if each.value > 0][:MOST_REPLACED]
    names = {replaced: f"{replaced} {unit if replaced == 1 else PLURALS[unit]}" for replaced, _ in shown}
    dots = tuple(
        replace(_dot("accepted", each, i, 0.0, 1.0), name=names[replaced]) for i, (replaced, each) in enumerate(shown)
    )
    return Panel("Right on the holdout, whatever these hold", dots, (percent(0.0), percent(1.0)))


def _dot(model: str, found: Estimate, place: int, low: float, high: float) -> Dot:
    x, start, end = (
        f"{LEFT + (RIGHT - LEFT) * (value - low) / (high - low):.1f}" for value in (found.value, found.low, found.high)
    )
    text = f"{percent(found.value)} ({interval(found)})"
    return Dot(model, MODELS[model], x, start, end, LINE * place + LINE // 2 + 4, text)


def _describe(found: FoundTrigger) -> tuple[str, str, str]:
    cells = [f"{column} = {show_value(value)}" for column, value in found.trigger.cells.items()]
    return join_list(cells, most=8), found.trigger.target, join_list(list(found.batches))
