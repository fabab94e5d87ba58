"""Are trusted rows, each judged by the fold that did not see it, judged as new rows are?

    python tests/benchmarks/fold_alarms.py FOLDER OUT.csv [--references 2] [--batches 100] [--rows 60]

FOLDER holds Parquet data sets with a column `label`. A reference of 600 rows is drawn, and a holdout of 600 others,
which sets the limits or does not: the drill judges by limits out of fold (`reference`), whatever the pipeline does.
Clean batches are judged three ways: new rows by all folds, as the pipeline judges them; rows of a fold by that fold
alone, as the drill does; rows of a fold by all folds, of which four know them. One line a reference goes to OUT.csv,
with how many batches are quarantined of each kind, and how many standard deviations the log likelihood ratio of the
fusion lies above the mean of its null; what stands there is not run again.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from pratique.contract.discovery import check_names, load_check
from pratique.core.batch import Batch
from pratique.core.params import Params
from pratique.core.progress import show_progress
from pratique.detector.calibrate import calibrate, fit_fold
from pratique.detector.examine import examine
from pratique.detector.folds import TrustedFolds
from pratique.detector.hypotheses import ROWS
from pratique.detector.verdict import judge
from pratique.tables.reading import read_table
from pratique.tables.trusted import layout_of
from threadpoolctl import threadpool_limits

TRUSTED = 600
FROM = ("holdout", "reference")
WAYS = ("new", "own fold", "all folds")


def measure(path: Path, seed: int, limits: str, batches: int, rows: int) -> dict[str, float]:
    """Batches that were quarantined, and how near to its limit the likelihood ratio was, of each way."""
    checks = {name: {} for name in check_names() if load_check(name).needs in ("nothing", "holdout")}
    said = {"seed": seed, "data": {"label": "label"}, "limits": {"from": limits}, "checks": checks}
    params, rng = Params.model_validate(said), np.random.default_rng([seed, 11])
    table = read_table(path)
    table = table.take(rng.permutation(table.num_rows))
    layout = layout_of(table.slice(0, TRUSTED), params.data)
    reference, holdout = (Batch(name, table.slice(k * TRUSTED, TRUSTED), layout) for k, name in enumerate(("r", "h")))
    pool = Batch("pool", table.slice(2 * TRUSTED), layout)
    whole = calibrate(reference, params, holdout.table)
    folds = TrustedFolds.deal(reference, holdout, params)
    alone = [fit_fold(whole, k, reference, folds, holdout, params) for k in range(len(folds.parts))]
    held, ratios = dict.fromkeys(WAYS, 0), {way: [] for way in WAYS}
    for number in show_progress(range(batches), f"{path.stem} {seed} {limits}"):
        k = number % len(alone)
        mine = reference.take(np.sort(rng.choice(folds.reference_rows[k], rows, replace=False)))
        new = pool.take(rng.choice(len(pool), rows, replace=False))
        for way, batch, profile in zip(WAYS, (new, mine, mine), (whole, alone[k], whole), strict=True):
            verdict = judge(examine(batch, profile), params.alarms, params.shift)
            held[way] += verdict.verdict == "quarantine"
            (found,) = (each for each in verdict.judged if each.measurement.check == ROWS.name)
            null = found.measurement.null
            ratios[way].append((found.measurement.finding.statistic - null.mean) / null.std)
    return {f"{way}: held": held[way] for way in WAYS} | {
        f"{way}: {name}": round(float(of(ratios[way])), 3)
        for way in WAYS
        for name, of in (("z mean", np.mean), ("z std", np.std))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--references", type=int, default=2)
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--rows", type=int, default=60)
    words = parser.parse_args()
    found = pd.read_csv(words.out).to_dict("records") if words.out.exists() else []
    known = {(line["data"], line["seed"], line["limits"]) for line in found}
    with threadpool_limits(limits=1):
        for seed in range(words.references):
            for path in sorted(words.folder.glob("*.parquet")):
                for limits in FROM:
                    if (path.stem, seed, limits) in known:
                        continue
                    line = {"data": path.stem, "seed": seed, "limits": limits, "batches": words.batches}
                    found.append(line | measure(path, seed, limits, words.batches, words.rows))
                    pd.DataFrame(found).to_csv(words.out, index=False)
                    print(found[-1], flush=True)
    held = pd.DataFrame(found)
    print({way: f"{held[f'{way}: held'].sum()} of {held['batches'].sum()}" for way in WAYS})


if __name__ == "__main__":
    main()
