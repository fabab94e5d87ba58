"""Is the budget kept? Clean batches of many sizes, judged by profiles of many references.

    python tests/benchmarks/false_alarms.py FOLDER [--references 10] [--batches 1000] [--rows 1000]

FOLDER holds Parquet data sets with a column `label`. For each reference, rows are shuffled anew and cut into the
reference, of `--rows` rows or a quarter of all, and a pool; batches of 20 to 5,000 rows are drawn from the pool, with
a little jitter: half a percent of the rows come twice as often. Prints, for each data set, the share of clean batches
that were called poison, the worst reference, and the 95 % interval (Wilson) over all batches.
"""

import argparse
from pathlib import Path

import numpy as np
from pratique.core.batch import Batch
from pratique.core.params import Params
from pratique.core.progress import show_progress
from pratique.detector.calibrate import calibrate
from pratique.detector.examine import examine
from pratique.detector.verdict import SHIFT_ALARM, judge
from pratique.tables.reading import read_table
from pratique.tables.trusted import layout_of
from threadpoolctl import threadpool_limits

CHECKS = {"shift": {}, "outliers": {}, "labels": {}, "losses": {}, "density": {}, "relations": {}, "duplicates": {}}
SIZES = (20, 50, 100, 300, 1000, 5000)
JITTER = 0.005


def alarms(path: Path, seed: int, batches: int, known: int) -> np.ndarray:
    """Whether each clean batch was called poison."""
    params = Params.model_validate({"seed": seed, "data": {"label": "label"}, "checks": CHECKS})
    rng = np.random.default_rng([seed, 7])
    table = read_table(path)
    table = table.take(rng.permutation(table.num_rows))
    known = min(known, table.num_rows // 4)
    known_rows = table.slice(0, known)
    profile = calibrate(Batch("reference", known_rows, layout_of(known_rows, params.data)), params)
    pool = Batch("pool", table.slice(known), profile.layout)
    sizes = [s for s in SIZES if s <= len(pool) // 4]
    weights = np.where(rng.random(len(pool)) < JITTER, 2.0, 1.0)
    found = []
    for i in show_progress(range(batches), f"{path.stem} {seed}"):
        rows = rng.choice(len(pool), sizes[i % len(sizes)], replace=False, p=weights / weights.sum())
        verdict = judge(examine(pool.take(rows), profile), params.alarms, params.shift)
        found.append(verdict.verdict == "quarantine" and verdict.alarms != (SHIFT_ALARM,))
    return np.array(found)


def wilson(hits: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of Wilson (1927) for a rate."""
    rate, spread = hits / trials, z**2 / trials
    middle = (rate + spread / 2) / (1 + spread)
    half = z * np.sqrt(rate * (1 - rate) / trials + spread / (4 * trials)) / (1 + spread)
    return middle - half, middle + half


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--references", type=int, default=10)
    parser.add_argument("--batches", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--first-seed", type=int, default=300)
    words = parser.parse_args()
    everything = []
    with threadpool_limits(limits=1):
        for path in sorted(words.folder.glob("*.parquet")):
            seeds = range(words.first_seed, words.first_seed + words.references)
            found = [alarms(path, seed, words.batches, words.rows) for seed in seeds]
            rates = [f.mean() for f in found]
            everything.append(np.concatenate(found))
            print(f"{path.stem}: {np.mean(rates):.4f}, worst reference {max(rates):.4f}", flush=True)
    together = np.concatenate(everything)
    low, high = wilson(int(together.sum()), len(together))
    print(f"all: {together.mean():.4f} ({low:.4f} to {high:.4f}) of {len(together)} clean batches, budget 0.0100")


if __name__ == "__main__":
    main()
