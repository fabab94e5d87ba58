"""What `pratique check` costs, beside the script that a team would write, on the same rows in one run.

    python tests/benchmarks/check_time.py WORK OUT.csv [--rows 20 10000 100000 1000000] [--runs 3] [--peer PYTHON]

Made-up tables of 20 numbers, of which some are skewed, whole or often 0, and 5 columns of levels; 1,000 trusted rows, a
tenth of the batch's labels flipped. Both are started by turns; processor seconds and the highest memory are those of
the whole command, one thread. AUROC is of the flipped rows, by the score that each gives a row. `--peer` is the Python
of an environment that has what `joined_script.py` needs. One line each goes to OUT.csv; what stands there is not
measured again.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

NUMBERS, LEVELS, TRUSTED, FLIPPED = 20, (3, 5, 8, 12, 20), 1000, 0.1
BIN = Path(sys.executable).parent
SCRIPT = Path(__file__).with_name("joined_script.py").resolve()


def main() -> None:
    """Measure what is not measured yet, and print medians and ratios."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument("--rows", type=int, nargs="+", default=[20, 10_000, 100_000, 1_000_000])
    words.add_argument("--runs", type=int, default=3)
    words.add_argument("--peer", type=Path)
    given = words.parse_args()
    project = prepared(given.work)
    found = pd.read_csv(given.out).to_dict("records") if given.out.exists() else []
    known = {(line["who"], line["rows"], line["run"]) for line in found}
    for run in range(given.runs):
        for rows in given.rows:
            for who in ("pratique", *(["joined script"] if given.peer and rows >= 1000 else [])):
                if (who, rows, run) not in known:
                    found.append({"who": who, "rows": rows, "run": run} | measure(project, rows, who, given.peer))
                    pd.DataFrame(found).to_csv(given.out, index=False)
    print(pd.DataFrame(found).groupby(["who", "rows"])[["seconds", "mebibytes", "auroc"]].median().round(3).to_string())


def table(rows: int, seed: int) -> pd.DataFrame:
    """Clean rows; the seed says which."""
    rng = np.random.default_rng(seed)
    label = rng.random(rows) < 0.4
    mixing = np.random.default_rng(99).normal(size=(NUMBERS, NUMBERS)) * 0.3 + np.eye(NUMBERS)
    numbers = rng.normal(size=(rows, NUMBERS)) @ mixing + label[:, None] * np.linspace(0, 1.2, NUMBERS)
    numbers[:, 3], numbers[:, 7] = np.exp(numbers[:, 3]), np.round(numbers[:, 7] * 3)
    numbers[:, 11] = np.maximum(numbers[:, 11], 0)
    columns: dict[str, np.ndarray] = {f"n{i}": cells for i, cells in enumerate(numbers.T)}
    for i, count in enumerate(LEVELS):
        shares = np.random.default_rng(i).dirichlet(np.full(count, 2.0))
        columns[f"c{i}"] = np.array([f"level {j}" for j in range(count)])[rng.choice(count, rows, p=shares)]
    return pd.DataFrame(columns | {"y": np.where(label, "yes", "no")})


def prepared(root: Path) -> Path:
    """A calibrated pipeline."""
    if (root / "data/profile").is_dir():
        return root
    (root / "data/holdout").mkdir(parents=True, exist_ok=True)
    table(TRUSTED, 1).to_csv(root / "trusted.csv", index=False)
    for words in (
        ("git", "init", "-q"),
        (BIN / "pratique", "init", ".", "--from", "trusted.csv", "--label", "y", "--yes"),
        (BIN / "pratique", "calibrate"),
    ):
        table(TRUSTED, 2).to_csv(root / "data/holdout/rows.csv", index=False)
        subprocess.run(words, cwd=root, check=True, capture_output=True)
    return root


def measure(root: Path, rows: int, who: str, peer: Path | None) -> dict[str, float]:
    """Processor seconds, highest memory and the AUROC of flipped rows, of one command on a batch."""
    batch, scores, flipped = root / f"batch-{rows}.parquet", root / "scores.parquet", np.zeros(rows, bool)
    flipped[np.random.default_rng(rows).permutation(rows)[: int(FLIPPED * rows)]] = True
    if not batch.exists():
        frame = table(rows, rows)
        frame["y"] = np.where(flipped, frame["y"].map({"yes": "no", "no": "yes"}), frame["y"])
        frame.to_parquet(batch, index=False)
    words = [BIN / "pratique", "check", batch.name, "--rows", scores.name]
    if who != "pratique":
        words = [peer, SCRIPT, "trusted.csv", batch.name, scores.name, "y"]
    env = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    process = subprocess.Popen(words, cwd=root, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    told = process.stderr.read() if process.stderr else b""
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"{' '.join(map(str, words))}: {told.decode()}")
    found = pd.read_parquet(scores)["score"]
    auroc = float(roc_auc_score(flipped, found)) if flipped.any() else float("nan")
    return {
        "seconds": round(used.ru_utime + used.ru_stime, 2),
        "mebibytes": round(used.ru_maxrss / 1024),
        "auroc": round(auroc, 4),
    }


if __name__ == "__main__":
    main()
