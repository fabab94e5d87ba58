"""A world that drifts by half a percent a week: what is held of 100 weekly batches, with promotion and without.

    python tests/benchmarks/drift.py WORK [--rows 100] [--trusted 1000] [--every 5] [--keep 20]

Made-up rows of two classes in eight amounts. Each amount is spread by half of its mean, as amounts are, and the mean
rises by half a percent of what it was at first in each week: a hundredth of the spread. A fifth of the labels is
flipped in the batches of weeks 20, 50 and 80. In one run the trusted rows stay as they are. In the other what was
accepted, and what was held and is clean, as a reviewer would find, is promoted every EVERY weeks, and trusted files
older than KEEP weeks are taken out. A line is written to WORK for each week, so that a run that was stopped goes on
where it stopped; without a file it begins anew.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pratique.core.batch import Batch
from pratique.core.params import Params
from pratique.detector.detector import Detector
from pratique.tables.reading import read_frame
from pratique.tables.trusted import layout_of
from pratique.words.alarm_rate import describe_alarm_rate
from threadpoolctl import threadpool_limits

WEEKS, FLIPPED, SHARE = 100, (20, 50, 80), 0.2
AMOUNTS, MEAN, SPREAD, STEP = 8, 10.0, 5.0, 0.005
CHECKS = {name: {} for name in ("shift", "outliers", "labels", "losses", "density", "duplicates", "extremes")}


@dataclass(frozen=True)
class Schedule:
    """How the trusted rows follow the world; `every` is 0 where they do not."""

    rows: int
    trusted: int
    every: int
    keep: int

    @property
    def name(self) -> str:
        """Of its file."""
        return f"rows-{self.rows}-trusted-{self.trusted}-every-{self.every}-keep-{self.keep}"


def make_rows(rows: int, week: int, seed: int) -> pd.DataFrame:
    """Rows as the world is in a week."""
    rng = np.random.default_rng([seed, week])
    label = rng.integers(2, size=rows)
    common = rng.normal(size=(rows, 1))  # amounts go together
    noise = 0.5 * common + np.sqrt(0.75) * rng.normal(size=(rows, AMOUNTS))
    tells = np.where(np.arange(AMOUNTS) % 2, 1.0, -1.0) * (label[:, None] - 0.5)
    values = MEAN * (1 + STEP * week) + SPREAD * (noise + 1.2 * tells)
    frame = pd.DataFrame(values.round(3), columns=[f"amount_{i}" for i in range(AMOUNTS)])
    return frame.assign(label=np.where(label, "yes", "no"))


def flip(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with a fifth of the labels flipped."""
    wrong = np.arange(len(frame)) < SHARE * len(frame)
    return frame.assign(label=np.where(wrong, np.where(frame["label"] == "yes", "no", "yes"), frame["label"]))


def calibrate(frames: list[pd.DataFrame]) -> Detector:
    """Learn from trusted rows that stand in the order of their weeks."""
    params = Params.model_validate({"data": {"label": "label", "ordered": True}, "checks": CHECKS})
    table = read_frame(pd.concat(frames, ignore_index=True), "reference")
    return Detector.learn(Batch("reference", table, layout_of(table, params.data)), params)


def run(schedule: Schedule, work: Path) -> list[dict[str, object]]:
    """Each week judged in turn; what is in the file already is not judged again."""
    place = work / f"{schedule.name}.jsonl"
    found = [json.loads(line) for line in place.read_text().splitlines()] if place.is_file() else []
    learned_in, detector = None, None
    for week in range(len(found) + 1, WEEKS + 1):
        since = (week - 1) // schedule.every * schedule.every if schedule.every else 0
        if learned_in != since:
            weeks = range(max(1, since - schedule.keep + 1), since + 1)
            clean = [make_rows(schedule.rows, past, 1) for past in weeks if past not in FLIPPED]
            first = [make_rows(schedule.trusted, 0, 0)] if since < schedule.keep else []
            learned_in, detector = since, calibrate(first + clean)
        frame = make_rows(schedule.rows, week, 1)
        result = detector.check(flip(frame) if week in FLIPPED else frame)
        found.append(
            {"week": week, "verdict": result.verdict, "p_value": result.p_value, "alarms": list(result.alarms)}
        )
        with place.open("a") as stream:
            stream.write(json.dumps(found[-1]) + "\n")
        print(schedule.name, found[-1], flush=True)
    return found


def describe(found: list[dict[str, object]]) -> str:
    """Clean batches held, flipped ones caught, and when the alarm rate is first said not to fit."""
    held = [one["week"] for one in found if one["verdict"] == "quarantine"]
    clean, caught = [week for week in held if week not in FLIPPED], [week for week in held if week in FLIPPED]
    alarmed = [one["verdict"] == "quarantine" for one in found]
    said = next((week for week in range(1, len(found) + 1) if describe_alarm_rate(alarmed[:week], 0.01)), None)
    early = sum(week <= 30 for week in clean)
    return (
        f"held {len(clean)} of {len(found) - len(FLIPPED)} clean ({early} by week 30): {clean}; caught {caught}; "
        f"alarm rate said in week {said}"
    )


def main() -> None:
    """Run both, and print what became of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    for name, default in (("rows", 100), ("trusted", 1000), ("every", 5), ("keep", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    said = parser.parse_args()
    said.work.mkdir(parents=True, exist_ok=True)
    with threadpool_limits(1):
        for every in (0, said.every):
            schedule = Schedule(said.rows, said.trusted, every, said.keep)
            print(f"{schedule.name}: {describe(run(schedule, said.work))}")


if __name__ == "__main__":
    main()
