"""Is the budget kept? Clean batches, judged by profiles of many references.

    python tests/benchmarks/false_alarms.py FOLDER OUT.csv [--references 5] [--batches 100] [--rows 100]

FOLDER holds Parquet data sets with a column `label`. For each reference, rows are shuffled anew and cut into a holdout
(a quarter, 2,000 at most), the reference (a tenth of a large set, a quarter of a small one, 1,000 at most) and a pool,
of which batches are drawn. Every quarantine counts, `shift` included. One line a reference goes to OUT.csv; what stands
there is not run again. Prints the mean over references with its 95 % interval (bootstrap), and those above 5 %.
"""

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from pratique.contract.discovery import check_names, load_check
from pratique.core.batch import Batch
from pratique.core.params import Params
from pratique.core.progress import show_progress
from pratique.detector.calibrate import calibrate
from pratique.detector.examine import examine
from pratique.detector.verdict import judge
from pratique.tables.reading import read_table
from pratique.tables.trusted import layout_of
from threadpoolctl import threadpool_limits

MOST_HOLDOUT_ROWS, MOST_REFERENCE_ROWS, LARGE = 2000, 1000, 4000
MANY = 0.05


def alarms(path: Path, seed: int, batches: int, rows: int) -> tuple[int, Counter[str]]:
    """How many clean batches were quarantined by one reference, and by which alarms."""
    checks = {name: {} for name in check_names() if load_check(name).needs in ("nothing", "holdout")}
    params = Params.model_validate({"seed": seed, "data": {"label": "label"}, "checks": checks})
    rng = np.random.default_rng([seed, 7])
    table = read_table(path)
    table = table.take(rng.permutation(table.num_rows))
    held = min(table.num_rows // 4, MOST_HOLDOUT_ROWS)
    known = min(table.num_rows // (10 if table.num_rows > LARGE else 4), MOST_REFERENCE_ROWS)
    reference = table.slice(held, known)
    layout = layout_of(reference, params.data)
    profile = calibrate(Batch("reference", reference, layout), params, table.slice(0, held))
    pool = Batch("pool", table.slice(held + known), layout)
    size = max(16, min(rows, len(pool) // 5))
    quarantined, why = 0, Counter[str]()
    for _ in show_progress(range(batches), f"{path.stem} {seed}"):
        drawn = pool.take(rng.choice(len(pool), size, replace=False))
        verdict = judge(examine(drawn, profile), params.alarms, params.shift)
        quarantined += verdict.verdict == "quarantine"
        why.update(verdict.alarms)
    return quarantined, why


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--references", type=int, default=5)
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--first-seed", type=int, default=900)
    words = parser.parse_args()
    found = pd.read_csv(words.out).to_dict("records") if words.out.exists() else []
    known = {(line["data"], line["seed"]) for line in found}
    with threadpool_limits(limits=1):
        for seed in range(words.first_seed, words.first_seed + words.references):
            for path in sorted(words.folder.glob("*.parquet")):
                if (path.stem, seed) in known:
                    continue
                quarantined, why = alarms(path, seed, words.batches, words.rows)
                line = {"data": path.stem, "seed": seed, "batches": words.batches, "quarantined": quarantined}
                found.append(line | {"alarms": " ".join(f"{name}:{count}" for name, count in sorted(why.items()))})
                pd.DataFrame(found).to_csv(words.out, index=False)
                print(found[-1], flush=True)
    rates = np.array([line["quarantined"] / line["batches"] for line in found])
    draws = np.random.default_rng(0).choice(rates, (10_000, len(rates))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    print(f"{rates.mean():.4f} ({low:.4f} to {high:.4f}), {(rates > MANY).sum()} of {len(rates)} above {MANY:.0%}")


if __name__ == "__main__":
    main()
