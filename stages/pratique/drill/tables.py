"""What a drill writes: a table of every run, sums over runs, metrics, curves, and the ranking of attacks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import groupby
from typing import Any

from pratique.core import paths
from pratique.core.writing import keep_only, round_floats, write_csv, write_json
from pratique.drill.outcome import Outcome
from pratique.drill.plan import Cell
from pratique.statistics.spread import Spread, possible_ranks, summarize_runs

SCORED = (
    "accuracy_clean", "accuracy_without", "accuracy_with", "accuracy_oracle",
    "success_without", "success_with", "success_oracle",
)  # fmt: skip
CELL_COLUMNS = (
    "attack", "rate", "repetition", "rows", "poisoned_rows", "batches", "batches_caught", "rows_caught",
    "good_rows_lost", "delay", *SCORED,
)  # fmt: skip
RECALL = ("batches_caught", "rows_caught")
DAMAGE = ("damage_without", "damage_with")
PLAIN_SCORES = ("accuracy_plain_clean", "accuracy_plain_without", "accuracy_plain_with")
BOUNDED_MEASURES = (*RECALL, "good_rows_lost", *SCORED, *PLAIN_SCORES)
"""Measures that lie between 0 and 1."""
SUMMARY_ONLY = ("accuracy_clean", "accuracy_oracle", "delay")
"""Measures that are no metrics."""

Runs = list[tuple[Cell, Outcome]]


@dataclass(frozen=True)
class Group:
    """All runs of one exercise at one rate."""

    attack: str
    rate: float
    runs: Runs

    @property
    def name(self) -> str:
        """The exercise with its rate in per cent, as metrics and files are named: `label_flip-20`."""
        return f"{self.attack}-{100 * self.rate:g}"

    @property
    def dose(self) -> tuple[float, int, float]:
        """The rate, how many batches come in, and the share of them that is poisoned: only equal doses are compared."""
        exercise = self.runs[0][0].exercise
        return self.rate, exercise.batches, exercise.poisoned_batches

    def measures(self) -> dict[str, list[float]]:
        """Every measure by name, one number for each run that has it."""
        rows: dict[str, list[float]] = {}
        for _, outcome in self.runs:
            for name, value in list_measures(outcome).items():
                rows.setdefault(name, []).extend([] if value is None else [value])
        return {name: values for name, values in rows.items() if values}

    def spreads(self) -> dict[str, Spread]:
        """Every measure by name, summed up over the runs that have it."""
        return {
            name: summarize_runs(values, *((0, 1) if name in BOUNDED_MEASURES else ()))
            for name, values in self.measures().items()
        }

    def metrics(self) -> dict[str, float]:
        """The scores of the first run's model without the gate; each metric's mean, and the ends of its interval."""
        return self.runs[0][1].without | list_metrics(self.spreads())


def groups(cells: Iterable[Cell], outcomes: Iterable[Outcome]) -> list[Group]:
    """The runs by exercise and rate, in the order of the cells."""
    pairs = zip(cells, outcomes, strict=True)
    grouped = groupby(pairs, key=lambda pair: (pair[0].exercise.name, pair[0].rate))
    return [Group(name, rate, list(runs)) for (name, rate), runs in grouped]


def list_measures(outcome: Outcome) -> dict[str, float | None]:
    """What is summed up over runs; None where this run has no such number.

    `with` is with the gate, `without` with everything let in, `oracle` without the poisoned rows. `accuracy_*` is that
    of the models, `success_*` that of a backdoor in them. `damage_*` is the accuracy that the poison costs;
    `damage_avoided` and `success_avoided` are the differences that the gate makes, in one and the same run.
    `batches_caught` and `rows_caught` are shares of the batches and rows with poison, `good_rows_lost` of the rows
    without. `accuracy_plain_*` is that of models that are trained plainly on the same rows, `method_gain_*` how much
    better `train.method` is. `damage_proxy` is the damage to a model of the kind that the attack is optimised
    against, `damage_on_<kind>` to one of another kind, `transfer_gap_<kind>` the difference.
    """
    gate, transfer, clean, without = (
        outcome.gate,
        outcome.transfer,
        outcome.clean["accuracy"],
        outcome.without["accuracy"],
    )
    found: dict[str, float | None] = {}
    if gate is not None:
        found |= {
            "batches_caught": _share(gate.batches_caught, gate.batches),
            "rows_caught": _share(gate.rows_caught, outcome.poisoned_rows),
            "good_rows_lost": _share(gate.good_rows_lost, outcome.rows - outcome.poisoned_rows),
            "delay": gate.delay,
        }
    found |= {
        "accuracy_clean": clean,
        "accuracy_without": without,
        "accuracy_oracle": None if outcome.oracle is None else outcome.oracle["accuracy"],
        "damage_without": clean - without,
        "success_without": outcome.success,
        "success_oracle": outcome.success_oracle,
    }
    if gate is not None and gate.scores is not None:
        found |= {
            "accuracy_with": gate.scores["accuracy"],
            "damage_with": clean - gate.scores["accuracy"],
            "damage_avoided": gate.scores["accuracy"] - without,
            "success_with": gate.success,
            "success_avoided": None
            if gate.success is None or outcome.success is None
            else outcome.success - gate.success,
        }
    found |= _compare_methods(outcome)
    if transfer is not None:
        found["damage_proxy"] = transfer.proxy
        for kind, damage in transfer.unseen.items():
            found |= {f"damage_on_{kind}": damage, f"transfer_gap_{kind}": transfer.proxy - damage}
    return found


def _compare_methods(outcome: Outcome) -> dict[str, float | None]:
    """What a method of training gains over a plain one: on clean rows, without the gate, and with it."""
    plainly, gate = outcome.plainly, outcome.gate
    if plainly is None or gate is None:
        return {}
    found: dict[str, float | None] = {}
    scores = (outcome.clean, plainly.clean), (outcome.without, plainly.without), (gate.scores, plainly.gated)
    for name, (own, plain) in zip(("clean", "without", "with"), scores, strict=True):
        if own is not None and plain is not None:
            found[f"accuracy_plain_{name}"] = plain["accuracy"]
            found[f"method_gain_{name}"] = own["accuracy"] - plain["accuracy"]
    return found


def list_metrics(spreads: Mapping[str, Spread]) -> dict[str, float]:
    """The mean of each measure that is a metric, and the ends of its interval where there are two runs or more."""
    found: dict[str, float] = {}
    for name, spread in spreads.items():
        if name not in SUMMARY_ONLY:
            ends = {name: spread.mean, f"{name}_low": spread.mean_low, f"{name}_high": spread.mean_high}
            found |= {key: round_floats(value) for key, value in ends.items() if value is not None}
    return found


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def write_tables(grouped: Sequence[Group]) -> None:
    """Write every table of the drill, and bring the folders of the curves to exactly its exercises."""
    sums = {group.name: group.spreads() for group in grouped}
    write_csv(paths.DRILL_CELLS, [CELL_COLUMNS, *(_line(*run) for group in grouped for run in group.runs)])
    write_csv(paths.DRILL_SUMMARY, _summary(grouped, sums))
    write_csv(paths.DRILL_RANKING, _ranking(grouped, sums))
    write_json(paths.DRILL_METRICS, {name: list_metrics(found) for name, found in sums.items()})
    for folder, names in ((paths.DRILL_RECALL, RECALL), (paths.DRILL_DAMAGE, DAMAGE)):
        files = []
        for attack, parts in groupby(grouped, key=lambda group: group.attack):
            lines = [[group.rate, *(_mean(sums[group.name].get(name)) for name in names)] for group in parts]
            files.append(folder / f"{attack}.csv")
            write_csv(files[-1], [("rate", *names), *lines])
        keep_only(folder, files)


def _mean(spread: Spread | None) -> float | None:
    return None if spread is None else spread.mean


def _line(cell: Cell, outcome: Outcome) -> list[Any]:
    """A line of the table of runs; what passes the gate in no run that is cleared is empty."""
    gate = outcome.gate
    cleared = (
        (gate.batches, gate.batches_caught, gate.rows_caught, gate.good_rows_lost, gate.delay)
        if gate is not None
        else (None,) * 5
    )
    numbers = list_measures(outcome)
    return [
        cell.exercise.name,
        cell.rate,
        cell.run,
        outcome.rows,
        outcome.poisoned_rows,
        *cleared,
        *(numbers.get(name) for name in SCORED),
    ]


def _summary(grouped: Sequence[Group], sums: Mapping[str, Mapping[str, Spread]]) -> list[Sequence[Any]]:
    """One line for each exercise, rate and measure."""
    header = ("attack", "rate", "measure", *(field.name for field in fields(Spread)))
    lines = [
        (group.attack, group.rate, name, *astuple(found))
        for group in grouped
        for name, found in sums[group.name].items()
    ]
    return [header, *lines]


def _ranking(grouped: Sequence[Group], sums: Mapping[str, Mapping[str, Spread]]) -> list[Sequence[Any]]:
    """The exercises by the damage they do at each dose; a rank stands only where no other is possible."""
    header = ("rate", "batches", "poisoned_batches", "attack", "damage_without", "damage_without_se", "rank")
    lines: list[Sequence[Any]] = [(*header, "rank_from", "rank_to")]
    for dose in sorted({group.dose for group in grouped}):
        peers = {group.attack: group for group in grouped if group.dose == dose}
        possible = possible_ranks({name: group.measures()["damage_without"] for name, group in peers.items()})
        damage = {name: sums[group.name]["damage_without"] for name, group in peers.items()}
        for name in sorted(peers, key=lambda name: (-damage[name].mean, name)):
            first, last = possible[name]
            rank = first if first == last else None
            lines.append((*dose, name, damage[name].mean, damage[name].mean_se, rank, first, last))
    return lines
