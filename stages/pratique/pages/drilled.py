"""What the last drill found: how much of each attack the gate keeps out, and the models without it and with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pratique.core import paths
from pratique.results.measures import Measures, foreign, read_drill_metrics
from pratique.words.numbers import percent, points

RATE = re.compile(r"\d+(\.\d+)?(e-\d+)?")
"""Per cent of the rows, as `%g` writes it."""


@dataclass(frozen=True)
class DrillLine:
    """An attack at one rate, as text; empty where the drill did not measure it.

    Attributes
    ----------
    rate : str
        Share of rows poisoned in the batches that come in poisoned.
    caught : str
        Share of the poisoned rows that are kept out.
    lost : str
        Share of the good rows that are kept out with them.
    accuracy, success : str
        Of the model, and of a trigger in it: without the gate, and with it.
    avoided : str
        Points of accuracy that the gate saves, with the ends of their interval.
    """

    rate: str
    caught: str
    lost: str
    accuracy: str
    avoided: str
    success: str


@dataclass(frozen=True)
class MethodLine:
    """An attack at one rate: accuracy by a plain training and by `train.method` on the same rows, as text.

    Attributes
    ----------
    attack, rate : str
    clean, without, gated : str
        Of models that learned from rows without poison, from everything, and from what passes the gate.
    gain : str
        Points that the method gains on what passes the gate, with the ends of their interval.
    """

    attack: str
    rate: str
    clean: str
    without: str
    gated: str
    gain: str


@dataclass(frozen=True)
class Drilled:
    """What a drill found.

    Attributes
    ----------
    attacks : tuple of (str, tuple of DrillLine)
        Each attack with a line for each rate, the one of which the least is caught first.
    mean : float, optional
        Share of poisoned rows kept out, over attacks and rates; None where no row was poisoned.
    methods : tuple of MethodLine
        What the method of training adds, where it is not a plain one.
    """

    attacks: tuple[tuple[str, tuple[DrillLine, ...]], ...]
    mean: float | None
    methods: tuple[MethodLine, ...] = ()

    @property
    def has_triggers(self) -> bool:
        """Whether any attack plants a trigger."""
        return any(line.success for _, lines in self.attacks for line in lines)


def read_drilled() -> Drilled | None:
    """The drill of this run; None where the stage has not run or its attacks passed no gate.

    Raises
    ------
    PratiqueError
        If its metrics are damaged.
    """
    return tabulate_drill(read_drill_metrics(), str(paths.DRILL_METRICS))


def tabulate_drill(metrics: Measures, place: str) -> Drilled | None:
    """The metrics of a drill, `<attack>-<rate in per cent>` to measures, as a table.

    Raises
    ------
    PratiqueError
        If a name is no attack at a rate; `place` says where it stood.
    """
    found: dict[str, dict[str, Mapping[str, float]]] = {}
    for name, measures in metrics.items():
        if "rows_caught" in measures or "good_rows_lost" in measures:
            attack, _, rate = name.rpartition("-")
            if not (attack and RATE.fullmatch(rate)):
                raise foreign(place)
            found.setdefault(attack, {})[rate] = measures
    if not found:
        return None
    caught = {
        attack: [measures["rows_caught"] for measures in rates.values() if "rows_caught" in measures]
        for attack, rates in found.items()
    }
    weakest = sorted(found, key=lambda attack: (_mean(caught[attack] or [1]), attack))
    shares = [share for mine in caught.values() for share in mine]
    lines = {attack: [(rate, found[attack][rate]) for rate in sorted(found[attack], key=float)] for attack in weakest}
    return Drilled(
        tuple((attack, tuple(_line(rate, measures) for rate, measures in own)) for attack, own in lines.items()),
        _mean(shares) if shares else None,
        tuple(
            _method_line(attack, rate, measures)
            for attack, own in lines.items()
            for rate, measures in own
            if "method_gain_clean" in measures
        ),
    )


def _line(rate: str, measures: Mapping[str, float]) -> DrillLine:
    """A line of the table."""
    return DrillLine(
        rate=f"{rate} %",
        caught=_percent(measures, "rows_caught"),
        lost=_percent(measures, "good_rows_lost"),
        accuracy=_compare(measures, "accuracy_with", -measures.get("damage_avoided", 0)),
        avoided=_points(measures, "damage_avoided"),
        success=_compare(measures, "success_with", measures.get("success_avoided", 0)),
    )


def _method_line(attack: str, rate: str, measures: Mapping[str, float]) -> MethodLine:
    """What a method of training makes of an attack; each pair of figures is of the runs that the gate cleared."""

    def tell(place: str) -> str:
        plain, gain = f"accuracy_plain_{place}", f"method_gain_{place}"
        return f"{percent(measures[plain])} → {percent(measures[plain] + measures[gain])}" if gain in measures else ""

    return MethodLine(
        attack, f"{rate} %", tell("clean"), tell("without"), tell("with"), _points(measures, "method_gain_with")
    )


def _percent(measures: Mapping[str, float], name: str) -> str:
    return percent(measures[name]) if name in measures else ""


def _compare(measures: Mapping[str, float], with_gate: str, more_without: float) -> str:
    """A share without the gate and with it, both in the runs that the gate cleared."""
    if with_gate not in measures:
        return ""
    share = measures[with_gate]
    return f"{percent(share + more_without)} → {percent(share)}"


def _points(measures: Mapping[str, float], name: str) -> str:
    """A difference in points, with the ends of its interval where there is one."""
    if name not in measures:
        return ""
    ends = [points(measures[end]) for end in (f"{name}_low", f"{name}_high") if end in measures]
    return points(measures[name]) + (f" ({' to '.join(ends)})" if ends else "")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
