"""What one new batch costs beside 10, 100 or 1,000 old ones, and what nothing new does.

    python tests/benchmarks/repro_time.py WORK OUT.csv [--old 10 100] [--runs 3]

Makes a repository with DVC in the folder WORK for each number of old batches: 40 rows each, one in ten with half of its
labels wrong, two cheap checks, a forest and a small drill. After a first `dvc repro`, batches of 200 rows come one by
one, each followed by `dvc repro`; then `pratique validate` runs with nothing new. Processor seconds, those of child
processes included; the medians are printed, and as ratios to those beside the fewest old batches. One line each goes to
OUT.csv; what stands there is not measured again, and a repository that is there is used again.
"""

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path

import pandas as pd
from report_time import table

CHECKS = "checks: {schema: {}, labels: {neighbours: 10}}\n"
MODELS = """\
train: {model: random_forest, trees: 100}
evaluate: {retrainings: 3}
drill: {rates: [0.2], repetitions: 2, retrainings: 2, batches: 5, rows: 80, attacks: {label_flip: {}, mean_shift: {}}}
"""
NEW, NOTHING = "dvc repro, one new batch", "validate, nothing new"
BIN = Path(sys.executable).parent


def main() -> None:
    """Measure what is not measured yet, and print medians and ratios."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument("--old", type=int, nargs="+", default=[10, 100])
    words.add_argument("--runs", type=int, default=3)
    given = words.parse_args()
    found = pd.read_csv(given.out).to_dict("records") if given.out.exists() else []
    known = {(line["what"], line["old"], line["run"]) for line in found}
    for run in range(given.runs):
        for old in given.old:
            for what, measure in ((NEW, repro_new), (NOTHING, validate)):
                if (what, old, run) not in known:
                    seconds = measure(prepared(given.work / f"old-{old}", old), run)
                    found.append({"what": what, "old": old, "run": run, "seconds": round(seconds, 3)})
                    pd.DataFrame(found).to_csv(given.out, index=False)
    medians = pd.DataFrame(found).groupby(["what", "old"])["seconds"].median().unstack()
    print(medians.to_string(), "\n", medians.div(medians[min(given.old)], axis=0).round(2).to_string())


def prepared(root: Path, old: int) -> Path:
    """A repository that has run on so many old batches."""
    if (root / "dvc.lock").is_file():
        return root
    for folder in ("data/holdout", "data/incoming/east"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    table(500, 1).to_csv(root / "trusted.csv", index=False)
    table(200, 2).to_csv(root / "data/holdout/rows.csv", index=False)
    for i in range(old):
        table(40, 100 + i, 0.5 if i % 10 == 0 else 0.0).to_csv(root / f"data/incoming/east/b{i:04d}.csv", index=False)
    if not (root / ".dvc").is_dir():
        seconds_of(root, "git", "init", "-q")
        seconds_of(root, "dvc", "init", "-q")
        seconds_of(root, "pratique", "init", ".", "--from", "trusted.csv", "--label", "y")
        params = (root / "params.yaml").read_text(encoding="utf-8")
        between = params[params.index("\nsources:") : params.index("\ntrain:") + 1]
        (root / "params.yaml").write_text(
            params[: params.index("checks:")] + CHECKS + between + MODELS, encoding="utf-8"
        )
    seconds_of(root, "dvc", "repro")
    return root


def repro_new(root: Path, run: int) -> float:
    """The seconds of `dvc repro` after one more batch, whose name comes last."""
    table(200, 90_000 + run).to_csv(root / f"data/incoming/east/new{run:03d}.csv", index=False)
    return seconds_of(root, "dvc", "repro")


def validate(root: Path, run: int) -> float:
    """The seconds of `pratique validate` where nothing is new."""
    return seconds_of(root, "pratique", "validate")


def seconds_of(root: Path, *words: str) -> float:
    """The processor seconds of a command and its children, one thread each."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    env = os.environ | threads | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(words, cwd=root, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
