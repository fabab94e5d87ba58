"""What two hundred pages cost, where every batch is another one and the team trains a random forest.

    python tests/benchmarks/report_time.py WORK [--batches 200]

Makes a pipeline in the folder WORK with batches of 40 rows, half of their labels wrong, and prints the processor
seconds of `pratique report`: cold, with every price to be measured, and again with the prices kept.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

CHECKS = "checks: {schema: {}, shift: {}, labels: {neighbours: 10}}\n"
TRAIN = "train: {model: random_forest, trees: 100}\n"


def main() -> None:
    """Make the pipeline, run it, print the seconds."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("--batches", type=int, default=200)
    given = words.parse_args()
    root = given.work
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("data/holdout", "data/incoming/east"):
        (root / folder).mkdir(parents=True)
    table(500, 1).to_csv(root / "trusted.csv", index=False)
    table(200, 2).to_csv(root / "data/holdout/rows.csv", index=False)
    for i in range(given.batches + 5):
        table(40, 100 + i, 0.5 if i < given.batches else 0.0).to_csv(
            root / f"data/incoming/east/b{i:04d}.csv", index=False
        )
    pratique(root, "init", ".", "--from", "trusted.csv", "--label", "y")
    params = (root / "params.yaml").read_text(encoding="utf-8")
    (root / "params.yaml").write_text(params[: params.index("checks:")] + CHECKS + TRAIN, encoding="utf-8")
    for stage in ("calibrate", "ingest", "validate", "train", "evaluate"):
        pratique(root, stage)
    cold, again = pratique(root, "report"), pratique(root, "report")
    pages = len(list((root / "data/reports/batches").rglob("*.html")))
    print(f"{pages} pages: {cold:.1f} s of one core, {again:.1f} s with the prices kept")


def table(rows: int, seed: int, flipped: float = 0.0) -> pd.DataFrame:
    """Four numbers, two of which tell the label."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(rows, 4)).round(3)
    label = points[:, 0] + points[:, 1] > 0
    label ^= rng.random(rows) < flipped
    return pd.DataFrame(points, columns=list("abcd")).assign(y=np.where(label, "yes", "no"))


def pratique(root: Path, *words: str) -> float:
    """The processor seconds of a command on one core."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    subprocess.run(
        [sys.executable, "-m", "pratique.cli", *words],
        cwd=root,
        env=os.environ | threads,
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
