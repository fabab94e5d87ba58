"""What the gate costs beside `pratique check`, and that it does not ask how many batches there were before.

    python tests/benchmarks/gate_time.py WORK [--runs 5] [--new 8]

Makes two repositories in the folder WORK, one with 10 and one with 1,000 accepted batches of 100 rows, each with a
branch that brings some batches of 200 rows. After a first gate, which keeps the profile that it learns (cold), `check`
of the new batches and `gate` (warm) are run in turn; the medians of their processor seconds are printed, and ratios.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from pratique.core.hashing import sha256_file
from pratique.decisions.ledger import append
from pratique.provenance.parts import BatchFacts, Digest, FileDescriptor, RowCounts, Tool
from pratique.provenance.record import Record

OLD = (10, 1000)


def main() -> None:
    """Make the repositories, run the commands in turn, print the ratios."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("--runs", type=int, default=5)
    words.add_argument("--new", type=int, default=8)
    given = words.parse_args()
    (few, cold), (many, _) = (prepared(given.work / f"old-{old}", old, given.new) for old in OLD)
    print(f"gate, cold: {cold:.2f} s")
    files = [f"data/incoming/vendor/new{i:02d}.csv" for i in range(given.new)]
    seconds: dict[str, list[float]] = {"check": [], "gate": [], "gate, 1,000 old batches": []}
    pratique(few, "calibrate")
    pratique(few, "check", *files)
    for _ in range(given.runs):
        seconds["check"].append(pratique(few, "check", *files))
        seconds["gate"].append(pratique(few, "gate", "--base", "main", "--head", "change"))
        seconds["gate, 1,000 old batches"].append(pratique(many, "gate", "--base", "main", "--head", "change"))
    check, gate, gate_of_many = (statistics.median(found) for found in seconds.values())
    for name, found in seconds.items():
        print(f"{name}: median {statistics.median(found):.2f} s of {[round(each, 2) for each in found]}")
    print(f"gate / check {gate / check:.2f}; 1,000 old batches / 10 {gate_of_many / gate:.2f}")


def prepared(root: Path, old: int, new: int) -> tuple[Path, float]:
    """A repository with `old` batches on main and `new` ones on the branch that is out; what a first gate takes."""
    shutil.rmtree(root, ignore_errors=True)
    incoming = root / "data/incoming/vendor"
    incoming.mkdir(parents=True)
    table(500, 0).to_csv(root / "trusted.csv", index=False)
    git(root, "init", "-q", "-b", "main")
    pratique(root, "init", ".", "--from", "trusted.csv", "--label", "y")
    records = []
    for i in range(old):
        path = incoming / f"old{i:04d}.csv"
        table(100, 1000 + i).to_csv(path, index=False)
        records.append(accepted(path))
    append(records, root / "data/ledger.jsonl")
    commit(root)
    git(root, "switch", "-q", "-c", "change")
    for i in range(new):
        table(200, 10 + i).to_csv(incoming / f"new{i:02d}.csv", index=False)
    commit(root)
    return root, pratique(root, "gate", "--base", "main", "--head", "change")


def accepted(path: Path) -> Record:
    """A record of a batch that nothing was found in; the ledger chains it."""
    sha256 = sha256_file(path)
    return Record(
        file=path.name,
        sha256=sha256,
        result="PASSED",
        verdict="accept",
        p_value=1.0,
        reason_codes=(),
        fault=None,
        facts=BatchFacts(id=f"vendor/{path.stem}", source="vendor", rows=100, columns=4),
        source_entry=None,
        predecessor=None,
        configuration=(),
        checks=(),
        outcome="accepted",
        decisions=(),
        holds=(),
        poisoned_share=None,
        budget=None,
        suspects=(),
        suspects_left_out=0,
        counts=RowCounts(accepted=100, quarantined=0),
        outputs=(FileDescriptor(name=path.name, digest=Digest(sha256=sha256), media_type="text/csv"),),
        tool=Tool(version="0", seed=0),
    )


def table(rows: int, seed: int) -> pd.DataFrame:
    """Numbers and words that tell of a class."""
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=rows)
    colour = np.where(rng.random(rows) < 0.8, np.array(["red", "green", "blue"])[y], "grey")
    size, weight = rng.normal(4.0 * y).round(3), rng.normal(20 - 3.0 * y).round(3)
    return pd.DataFrame({"size": size, "weight": weight, "colour": colour, "y": np.array(["low", "middle", "high"])[y]})


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "-c", "user.name=Bench", "-c", "user.email=bench@example.org", "commit", "-q", "-m", "Batches")


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True)


def pratique(root: Path, *words: str) -> float:
    """Run a command; the processor seconds that it and its children took."""
    start = os.times()
    done = subprocess.run(
        [sys.executable, "-m", "pratique.cli", *words], cwd=root, capture_output=True, text=True, env=dict(os.environ)
    )
    if done.returncode not in (0, 1):
        sys.exit(f"pratique {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    end = os.times()
    return end.children_user + end.children_system - start.children_user - start.children_system


if __name__ == "__main__":
    main()
