"""What `labels` and `outliers` find by themselves, and how often they alarm where nothing is wrong.

    python tests/benchmarks/acts_alone.py FOLDER [--references 4] [--batches 500] [--rows 1000] [--detector iforest]

FOLDER holds Parquet data sets with a column `label`. For each reference, rows are shuffled anew and cut into the
reference, of `--rows` rows or a quarter of all, and a pool of up to 3,000, of which batches of 100 rows are drawn (a
quarter of the pool, if that is less). Prints, for each data set and kind of batch, the shares in which `labels` and
`outliers` alarmed: clean batches; 20 % of the rows with flipped labels, noise or outliers; and honest change, in which
all rows come from one region (the upper two fifths of a column) or the largest class comes half as often.

What a row is flagged for does not depend on the rows beside it, so the pool is measured once.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from pratique.contract.check import Check
from pratique.contract.discovery import configured_checks, load_attack
from pratique.core.batch import Batch
from pratique.core.params import AlarmParams, DataParams
from pratique.detector.calibrate import calibrate_check
from pratique.detector.calibrated import CalibratedCheck
from pratique.detector.folds import split_folds
from pratique.tables.reading import read_table
from pratique.tables.trusted import layout_of
from threadpoolctl import threadpool_limits

ROWS, MOST_ROWS, RATE = 100, 3000, 0.2
ATTACKS = ("label_flip", "gaussian_noise", "outlier_insertion")


def flags(calibrated: CalibratedCheck, batch: Batch) -> np.ndarray:
    """The share of the folds that flag each row."""
    return np.mean([fitted.measure(batch).flagged for fitted in calibrated.folds], axis=0)


def draws(pool: Batch, rng: np.random.Generator) -> dict[str, tuple[Batch, np.ndarray, np.ndarray]]:
    """Kinds of batch: the rows, how likely each is drawn, and which are drawn as the poisoned part."""
    spread = [c for c in pool.numeric.T if 0.2 < (c > np.nanquantile(c, 0.6)).mean() < 0.6]
    column = spread[rng.integers(len(spread))]
    classes, codes = np.unique(pool.labels, return_inverse=True)
    fewer = np.where(codes == np.bincount(codes, minlength=len(classes)).argmax(), 0.5, 1.0)
    none, region = np.array([], int), (column > np.nanquantile(column, 0.6)).astype(float)
    honest = {"clean": np.ones(len(pool)), "one region": region, "other class shares": fewer}
    kinds = {name: (pool, weights, none) for name, weights in honest.items()}
    for name in ATTACKS:
        poisoned = load_attack(name)().poison(pool, RATE, rng)
        clean = np.ones(len(poisoned.batch))
        clean[poisoned.rows] = 0
        kinds[name] = (poisoned.batch, clean, poisoned.rows)
    return kinds


def alarms(name: str, check: Check, trusted: Batch, pool: Batch, seed: int, batches: int) -> dict[str, list[bool]]:
    """For each kind of batch, whether each batch set the check off at its share of the budget."""
    rng = np.random.default_rng([seed, 9])
    calibrated = calibrate_check(name, check, trusted, split_folds(trusted.labels, seed), None, rng)
    level = -np.expm1((check.budget_share or 1.0) * np.log1p(-AlarmParams().alpha))
    size = min(ROWS, len(pool) // 4)
    null = calibrated.null.at(size)
    found = {}
    for kind, (rows, weights, poisoned) in draws(pool, np.random.default_rng(seed)).items():
        flagged, count = flags(calibrated, rows), round(RATE * size) if len(poisoned) else 0
        statistics = []
        for _ in range(batches):
            drawn = rng.choice(len(rows), size - count, replace=False, p=weights / weights.sum())
            bad = rng.choice(poisoned, count, replace=False)
            statistics.append(flagged[np.concatenate([drawn, bad])].mean())
        found[kind] = [null.p_value(statistic) <= level for statistic in statistics]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--references", type=int, default=4)
    parser.add_argument("--batches", type=int, default=500)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--detector", default="iforest")
    parser.add_argument("--first-seed", type=int, default=900)
    words = parser.parse_args()
    checks = configured_checks({"labels": {}, "outliers": {"detector": words.detector}})
    for path in sorted(words.folder.glob("*.parquet")):
        together: dict[tuple[str, str], list[bool]] = defaultdict(list)
        for seed in range(words.first_seed, words.first_seed + words.references):
            table = read_table(path)
            table = table.take(np.random.default_rng(seed).permutation(table.num_rows))
            known = min(words.rows, table.num_rows // 4)
            layout = layout_of(table.slice(0, known), DataParams(label="label"))
            trusted = Batch("reference", table.slice(0, known), layout)
            pool = Batch("pool", table.slice(known, MOST_ROWS), layout)
            for name, check in checks.items():
                with threadpool_limits(limits=1):
                    found = alarms(name, check, trusted, pool, seed, words.batches)
                for kind, each in found.items():
                    together[kind, name] += each
        for kind in dict.fromkeys(kind for kind, _ in together):
            shares = ", ".join(f"{name} {np.mean(together[kind, name]):.3f}" for name in checks)
            print(f"{path.stem}, {kind}: {shares} of {len(together[kind, 'labels'])}", flush=True)


if __name__ == "__main__":
    main()
