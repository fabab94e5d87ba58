"""The table of the drill: every attack at every rate on the digits and on other data sets, caught and cost.

    python tests/benchmarks/drill_table.py WORK [DATA.parquet ...] [--label label] [--repetitions 10]

Each data set gets a project of its own in the folder WORK, through the public commands only, and its Markdown table
is printed. A project that is there is used again, so that a run that was stopped goes on where it was.
"""

import argparse
import csv
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pratique.contract.discovery import attack_names
from pratique.core.writing import write_text
from scipy import stats

HOLDOUT, REFERENCE, BATCHES, ROWS = 2000, 1000, 24, 100
PASSED = 0.5
"""An attack gets through where surely less than this share of its rows is caught."""
COLUMNS = ("batches_caught", "rows_caught", "good_rows_lost", "damage_without", "damage_with", "damage_avoided",
           "success_without", "success_with")  # fmt: skip
HEADS = ("batches caught %", "rows caught %", "good rows lost %", "damage without the gate", "with it", "avoided",
         "trigger works without it %", "with it %")  # fmt: skip

PARAMS = """\
seed: 0
data: {{label: "{label}"}}
alarms: {{}}
shift: {{}}
sources: {{}}
review: {{}}
signing: {{}}
checks:
  schema: {{}}
  expectations: {{}}
  shift: {{}}
  outliers: {{}}
  labels: {{}}
  losses: {{}}
  density: {{}}
  relations: {{}}
  duplicates: {{}}
train: {{model: random_forest, trees: 50}}
drill:
  rates: {rates}
  repetitions: {repetitions}
  retrainings: {retrainings}
  batches: {batches}
  rows: {rows}
  attacks: {{{attacks}}}
"""


def main() -> None:
    """Make every table."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("data", type=Path, nargs="*")
    words.add_argument("--label", default="label")
    words.add_argument("--rates", type=float, nargs="+", default=[0.05, 0.1, 0.2, 0.5])
    words.add_argument("--repetitions", type=int, default=10)
    words.add_argument("--retrainings", type=int, default=30)
    words.add_argument("--attacks", nargs="+", default=attack_names())
    words.add_argument("--jobs", type=int, default=0)
    given = words.parse_args()
    for source in (None, *given.data):
        root = given.work / ("digits" if source is None else source.stem)
        if not (root / "data/incoming").is_dir():
            prepare(root, source, given.label)
        drill(root, "digit" if source is None else given.label, 40 if source is None else ROWS, given)
        runs = f"{given.repetitions} repetitions, {given.retrainings} retrainings"
        print(f"### {root.name}: {runs}\n\n{table(root)}\n\n{passed(root)}\n", flush=True)


def drill(root: Path, label: str, rows: int, given: argparse.Namespace) -> None:
    """Run the stages; as many batches come in as the accepted rows make, twelve at most."""
    shared = {"label": label, "rows": rows, "rates": given.rates, "attacks": attacks(given.attacks)}
    shared |= {"repetitions": given.repetitions, "retrainings": given.retrainings}
    write_text(root / "params.yaml", PARAMS.format(batches=1, **shared))
    pratique(root, "init", ".", "--from", "data/reference", "--label", label)
    for stage in ("calibrate", "ingest", "validate"):
        pratique(root, stage)
    held = pd.read_parquet(root / "data/reports/rows.parquet")["quarantined"]
    write_text(root / "params.yaml", PARAMS.format(batches=max(1, min(12, (~held).sum() // rows)), **shared))
    pratique(root, "drill", *(["--jobs", str(given.jobs)] if given.jobs else []))


def attacks(names: list[str]) -> str:
    """Every attack with the fields that it has by default."""
    return ", ".join(f"{name}: {{}}" for name in names)


def prepare(root: Path, source: Path | None, label: str) -> None:
    """Write a project's data: the digits, or rows of a file in an order that depends on nothing."""
    root.mkdir(parents=True, exist_ok=True)
    if source is None:
        pratique(root, "sample", "--of", "digits", ".")
        return
    frame = pd.read_parquet(source).sample(frac=1, random_state=0, ignore_index=True)
    for name in frame.columns[frame.dtypes == "category"]:
        frame[name] = frame[name].astype(str)
    frame[label] = frame[label].astype(str)
    holdout, reference = min(len(frame) // 4, HOLDOUT), min(len(frame) // 4, REFERENCE)
    parts = {"holdout/rows": frame[:holdout], "reference/rows": frame[holdout : holdout + reference]}
    rest = frame[holdout + reference :]
    parts |= {f"incoming/pool/{n:02d}": rest[n * ROWS : (n + 1) * ROWS] for n in range(min(BATCHES, len(rest) // ROWS))}
    for name, part in parts.items():
        path = root / "data" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        part.to_parquet(path, index=False)


def pratique(root: Path, *words: str) -> None:
    """Run a command of the project's own environment."""
    subprocess.run([sys.executable, "-m", "pratique.cli", *words], cwd=root, check=True, stdout=subprocess.DEVNULL)


def summary(root: Path) -> dict[tuple[str, float], dict[str, tuple[float, float]]]:
    """Mean and half the 95 % interval of each measure, by attack and rate."""
    found: dict[tuple[str, float], dict[str, tuple[float, float]]] = {}
    with (root / "data/reports/drill/summary.csv").open(encoding="utf-8", newline="") as stream:
        for line in csv.DictReader(stream):
            half = stats.t.ppf(0.975, int(line["runs"]) - 1) * float(line["mean_se"] or "nan")
            found.setdefault((line["attack"], float(line["rate"])), {})[line["measure"]] = float(line["mean"]), half
    return found


def table(root: Path) -> str:
    """The Markdown table: each mean with its 95 % interval."""
    lines = [f"| attack | rate % | {' | '.join(HEADS)} |", f"|---|--:|{'--:|' * len(HEADS)}"]
    for (attack, rate), measures in summary(root).items():
        cells = " | ".join(shown(name, measures.get(name)) for name in COLUMNS)
        lines.append(f"| {attack} | {100 * rate:g} | {cells} |")
    return "\n".join(lines)


def shown(measure: str, number: tuple[float, float] | None) -> str:
    """A share in per cent with the ends of its interval; accuracy in points with half of it."""
    if number is None:
        return ""
    mean, half = 100 * number[0], 100 * number[1]
    if math.isnan(half) or half == 0:
        return f"{mean:.1f}"
    if measure.startswith("damage"):  # a difference of accuracies
        return f"{mean:.1f} ± {half:.1f}"
    return f"{mean:.1f} ({max(0.0, mean - half):.0f}–{min(100.0, mean + half):.0f})"


def passed(root: Path) -> str:
    """The attacks that get through, with the rates at which they do, most harmful first."""
    through = sorted(escapes(root), reverse=True)
    names = [f"{name} at {100 * rate:g} % (costs {100 * cost:.1f} points)" for cost, name, rate in through]
    return f"Gets through: {'; '.join(names) or 'none'}."


def escapes(root: Path) -> Iterator[tuple[float, str, float]]:
    """Damage behind the gate, attack and rate wherever the interval of its rows caught is below `PASSED`."""
    for (attack, rate), measures in summary(root).items():
        caught, half = measures.get("rows_caught", (1.0, 0.0))
        if caught + half <= PASSED:
            yield measures.get("damage_with", (0.0, 0.0))[0], attack, rate


if __name__ == "__main__":
    main()
