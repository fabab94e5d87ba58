"""Let one tool judge one exam; this runs as a process of its own, in the tool's environment.

    PYTHONPATH=tests/benchmarks PYTHON -m leaderboard.answer PEER FOLDER SEED

FOLDER holds `trusted.parquet` and `batches.parquet`, in which a column `batch` says what belongs together. Answers
go to `answers.parquet` (one line a batch), `rows.parquet` (one line a row) and `costs.json` beside them.
"""

import importlib
import json
import sys
import time
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd

from leaderboard.protocol import Threshold, set_threshold, statistics_of

LABEL = "label"


def main(peer: str, folder: str, seed: str) -> None:
    """Fit, set the threshold, judge every batch, and write what was said."""
    warnings.simplefilter("ignore")
    place, tool = Path(folder), importlib.import_module(f"leaderboard.peers.{peer}")
    trusted, exam = pd.read_parquet(place / "trusted.parquet"), pd.read_parquet(place / "batches.parquet")
    batches = {name: rows.drop(columns="batch").reset_index(drop=True) for name, rows in exam.groupby("batch")}
    size = int(np.median([len(rows) for rows in batches.values()]))
    began = time.process_time()
    threshold = None if tool.DECIDES else set_threshold(tool.fit, trusted, LABEL, size, int(seed))
    fitted = tool.fit(trusted, LABEL)
    fit_seconds = time.process_time() - began
    answers, scores = [], []
    for name, batch in batches.items():
        before = time.process_time()
        judgement = fitted.judge(batch)
        seconds = time.process_time() - before
        score, alarm = decide(judgement, threshold)
        answers.append({"batch": name, "score": score, "alarm": alarm, "seconds": seconds})
        if judgement.rows is not None:
            scores.append(pd.DataFrame({"batch": name, "score": np.asarray(judgement.rows, float)}))
    pd.DataFrame(answers).to_parquet(place / "answers.parquet")
    rows = pd.concat(scores) if scores else pd.DataFrame({"batch": [], "score": []})
    rows.to_parquet(place / "rows.parquet", index=False)
    told = {"fit_seconds": fit_seconds, "mebibytes": highest_memory(), "version": version_of(tool.PACKAGE)}
    (place / "costs.json").write_text(json.dumps(told))


def decide(judgement, threshold: Threshold | None) -> tuple[float, bool]:
    """A score that ranks batches, and whether this one alarms."""
    if threshold is None:
        return float(statistics_of(judgement)[0]), bool(judgement.alarm)
    score = threshold.score(judgement)
    return score, threshold.alarms(score)


def highest_memory() -> int:
    """The most memory that this program held, in MiB; what `wait4` tells counts the process that started it, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def version_of(package: str) -> str:
    """The version that is installed here."""
    try:
        return version(package)
    except PackageNotFoundError:
        return getattr(importlib.import_module(package), "__version__", "")


if __name__ == "__main__":
    main(*sys.argv[1:])
