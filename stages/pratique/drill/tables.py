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

CELL_COLUMNS = (
    "attack", "rate", "repetition", "rows", "poisoned_rows", "batches", "batches_caught", "rows_caught",
    "good_rows_lost", "delay", "accuracy_clean", "accuracy_poisoned", "accuracy_gated", "accuracy_oracle",
    "success_poisoned", "success_gated",
)  # fmt: skip
RECALL = ("batches_caught", "rows_caught")
DAMAGE = ("damage", "damage_gated")
METRICS = (*RECALL, "good_rows_lost", *DAMAGE, "success_poisoned", "success_gated")

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
    def dose(self) -> tuple[float, int]:
        """The rate, and how many batches are poisoned at it: only equal doses are compared."""
        return self.rate, self.runs[0][0].exercise.batches

    def metrics(self) -> dict[str, float]:
        """The scores of the first run's poisoned model, and the mean of every measure with its standard error."""
        found = dict(self.runs[0][1].poisoned)
        for name, values in self.measures().items():
            sums = summarize_runs(values)
            found |= {name: sums.mean} | ({} if sums.mean_se is None else {f"{name}_se": sums.mean_se})
        return found

    def measures(self) -> dict[str, list[float]]:
        """Every measure by name, one number for each run that has it."""
        rows: dict[str, list[float]] = {}
        for _, outcome in self.runs:
            for name, value in list_measures(outcome).items():
                rows.setdefault(name, []).extend([] if value is None else [value])
        return {name: values for name, values in rows.items() if values}


def groups(cells: Iterable[Cell], outcomes: Iterable[Outcome]) -> list[Group]:
    """The runs by exercise and rate, in the order of the cells."""
    pairs = zip(cells, outcomes, strict=True)
    grouped = groupby(pairs, key=lambda pair: (pair[0].exercise.name, pair[0].rate))
    return [Group(name, rate, list(runs)) for (name, rate), runs in grouped]


def list_measures(outcome: Outcome) -> dict[str, float | None]:
    """What is summed up over runs; None where this run has no such number.

    `batches_caught` and `rows_caught` are shares of the batches and rows with poison, `good_rows_lost` of the rows
    without; `damage` is the accuracy that the poison costs, `damage_gated` what it costs behind the gate.
    """
    gate, clean = outcome.gate, outcome.clean["accuracy"]
    found: dict[str, float | None] = {
        "accuracy_clean": clean,
        "accuracy_poisoned": outcome.poisoned["accuracy"],
        "accuracy_oracle": outcome.oracle["accuracy"],
        "damage": clean - outcome.poisoned["accuracy"],
        "success_poisoned": outcome.success,
    }
    if gate is None:
        return found
    gated = None if gate.gated is None else gate.gated["accuracy"]
    return found | {
        "accuracy_gated": gated,
        "damage_gated": None if gated is None else clean - gated,
        "success_gated": gate.success,
        "batches_caught": _share(gate.batches_caught, gate.batches),
        "rows_caught": _share(gate.rows_caught, outcome.poisoned_rows),
        "good_rows_lost": _share(gate.good_rows_lost, outcome.rows - outcome.poisoned_rows),
        "delay": gate.delay,
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def write_tables(grouped: Sequence[Group]) -> None:
    """Write every table of the drill, and bring the folders of the curves to exactly its exercises."""
    sums = {group.name: {name: summarize_runs(v) for name, v in group.measures().items()} for group in grouped}
    write_csv(paths.DRILL_CELLS, [CELL_COLUMNS, *(_line(*run) for group in grouped for run in group.runs)])
    write_csv(paths.DRILL_SUMMARY, _summary(grouped, sums))
    write_csv(paths.DRILL_RANKING, _ranking(grouped, sums))
    write_json(paths.DRILL_METRICS, {name: _means(found, METRICS) for name, found in sums.items()})
    for folder, names in ((paths.DRILL_RECALL, RECALL), (paths.DRILL_DAMAGE, DAMAGE)):
        files = []
        for attack, parts in groupby(grouped, key=lambda group: group.attack):
            lines = [[group.rate, *(_means(sums[group.name], names).get(n) for n in names)] for group in parts]
            files.append(folder / f"{attack}.csv")
            write_csv(files[-1], [("rate", *names), *lines])
        keep_only(folder, files)


def _means(found: Mapping[str, Spread], names: Iterable[str]) -> dict[str, float]:
    return {name: round_floats(found[name].mean) for name in names if name in found}


def _line(cell: Cell, outcome: Outcome) -> list[Any]:
    """A line of the table of runs; what passes the gate in no run that is cleared is empty."""
    gate = outcome.gate
    cleared = (
        (gate.batches, gate.batches_caught, gate.rows_caught, gate.good_rows_lost, gate.delay)
        if gate is not None
        else (None,) * 5
    )
    numbers = list_measures(outcome)
    scores = (f"accuracy_{name}" for name in ("clean", "poisoned", "gated", "oracle"))
    return [
        cell.exercise.name,
        cell.rate,
        cell.run,
        outcome.rows,
        outcome.poisoned_rows,
        *cleared,
        *(numbers.get(name) for name in (*scores, "success_poisoned", "success_gated")),
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
    lines: list[Sequence[Any]] = [("rate", "batches", "attack", "damage", "damage_se", "rank", "rank_from", "rank_to")]
    for dose in sorted({group.dose for group in grouped}):
        peers = {group.attack: group for group in grouped if group.dose == dose}
        possible = possible_ranks({name: group.measures()["damage"] for name, group in peers.items()})
        damage = {name: sums[group.name]["damage"] for name, group in peers.items()}
        for name in sorted(peers, key=lambda name: (-damage[name].mean, name)):
            first, last = possible[name]
            rank = first if first == last else None
            lines.append((*dose, name, damage[name].mean, damage[name].mean_se, rank, first, last))
    return lines
