"""What `pratique check` costs, beside the script that a team would write, on the same rows in one run.

    python tests/benchmarks/check_time.py WORK OUT.csv [--rows 20 10000 100000 1000000] [--runs 3] [--peer PYTHON]

`make bench` runs it with the peer's environment, and draws OUT.png. Made-up tables of 20 numbers, of which some are
skewed, whole or often 0, and 5 columns of levels; 1,000 trusted rows. A tenth of a batch's rows is odd, and at
`COMPARED_ROWS` rows every kind of oddity is measured: `flipped` labels, `noise` for numbers, or `broken` cells that no
schema allows. Both are started by turns; processor seconds and the highest memory are those of the whole command, one
thread. AUROC is of the odd rows, by the score that each gives a row. `--peer` is the Python of an environment that has
what `joined_script.py` needs (`peer_requirements.txt`). One line each goes to OUT.csv; what stands there is not
measured again.
"""

import argparse
import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

NUMBERS, LEVELS, TRUSTED, ODD = 20, (3, 5, 8, 12, 20), 1000, 0.1
COMPARED_ROWS = 100_000
KINDS = ("flipped", "noise", "broken")
BIN = Path(sys.executable).parent
METER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
"""Starts a command and says what it took, as a small process: what starts a program counts as its memory."""
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
    given.peer = given.peer and given.peer.absolute()  # each command runs in the project
    project = prepared(given.work.resolve())
    given.out.parent.mkdir(parents=True, exist_ok=True)
    found = pd.read_csv(given.out).to_dict("records") if given.out.exists() else []
    known = {(line["who"], line["rows"], line["odd"], line["run"]) for line in found}
    wanted = [(n, kind) for n in given.rows for kind in KINDS if kind == "flipped" or n == COMPARED_ROWS]
    for run, (rows, odd) in itertools.product(range(given.runs), wanted):
        for who in ("pratique", *(["joined script"] if given.peer and rows >= TRUSTED else [])):
            if (who, rows, odd, run) not in known:
                line = measure(project, rows, odd, who, given.peer)
                found.append({"who": who, "rows": rows, "odd": odd, "run": run} | line)
                pd.DataFrame(found).to_csv(given.out, index=False)
    medians = pd.DataFrame(found).groupby(["odd", "who", "rows"])[["seconds", "mebibytes", "auroc"]].median()
    print(medians.round(3).to_string())
    draw(medians.loc["flipped"], given.out.with_suffix(".png"))


def draw(medians: pd.DataFrame, place: Path) -> None:
    """Seconds and memory against rows, on logarithmic scales."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, column, words in zip(figure.subplots(1, 2), medians, ("processor seconds", "memory, MiB"), strict=False):
        for who, lines in medians.groupby(level="who"):
            axes.loglog(lines.index.get_level_values("rows"), lines[column], marker="o", label=who)
        axes.set(xlabel="rows of the batch", title=words)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(place, dpi=110, metadata={"Software": None})


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


def batch_of(rows: int, odd: str) -> tuple[pd.DataFrame, np.ndarray]:
    """A batch, and which of its rows are odd."""
    rng, frame, chosen = np.random.default_rng(rows), table(rows, rows), np.zeros(rows, bool)
    chosen[rng.permutation(rows)[: int(ODD * rows)]] = True
    numbers = [name for name in frame if name.startswith("n")]
    if odd == "flipped":
        frame["y"] = np.where(chosen, frame["y"].map({"yes": "no", "no": "yes"}), frame["y"])
    elif odd == "noise":
        spread = frame[numbers].std().to_numpy()
        frame.loc[chosen, numbers] += rng.normal(size=(chosen.sum(), len(numbers))) * spread
    else:
        frame["n0"] = np.where(chosen, 1e9, frame["n0"])
        frame["c0"] = np.where(chosen, "elsewhere", frame["c0"])
    return frame, chosen


def measure(root: Path, rows: int, odd: str, who: str, peer: Path | None) -> dict[str, float]:
    """Processor seconds, highest memory and the AUROC of the odd rows, of one command on a batch."""
    batch, scores = root / f"batch-{rows}-{odd}.parquet", root / "scores.parquet"
    frame, chosen = batch_of(rows, odd)
    if not batch.exists():
        frame.to_parquet(batch, index=False)
    del frame
    words = [BIN / "pratique", "check", batch.name, "--rows", scores.name]
    if who != "pratique":
        words = [peer, SCRIPT, "trusted.csv", batch.name, scores.name, "y"]
    env = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, "-c", METER, *map(str, words)], cwd=root, env=env, capture_output=True, text=True
    )
    code, seconds, kibibytes = done.stdout.split()
    if code not in ("0", "1"):
        sys.exit(f"{' '.join(map(str, words))}: {done.stderr}")
    auroc = float(roc_auc_score(chosen, pd.read_parquet(scores)["score"])) if chosen.any() else float("nan")
    return {
        "seconds": round(float(seconds), 2),
        "mebibytes": round(float(kibibytes) / 1024),
        "auroc": round(auroc, 4),
    }


if __name__ == "__main__":
    main()
