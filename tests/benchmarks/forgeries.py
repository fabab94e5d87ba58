"""Whether forged results are found, whatever is forged and however well all else is made to match.

    python tests/benchmarks/forgeries.py WORK [--forgeries 300] [--seed 0]

Makes a project of four small batches in the folder WORK, runs the pipeline, and forges: each time one file below data/
or the lock, drawn by seed; a row, a cell, a figure, a weight, or the whole file. Then every digest that tells of it is
made to match (notes, records, ledger, manifest, lock), and the forgery is committed as a change of its own. `gate` must
find it, or `verify --retrain`, which is asked where the gate finds nothing. Every forgery has a line in
WORK/found.jsonl, so that a run goes on where it stopped.
"""

import argparse
import contextlib
import io
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dvc.repo import Repo
from forging import KINDS, STAGES, forge, lock
from pratique.cli import app
from pratique.commands.verify import verify
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.gate.judge import gate
from pratique.provenance.record import Record


def main() -> None:
    """Forge as often as asked, and say how many were found, by kind."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("--forgeries", type=int, default=300)
    words.add_argument("--seed", type=int, default=0)
    given = words.parse_args()
    project, kept = given.work / "project", given.work / "found.jsonl"
    if not project.is_dir():
        prepare(project)
    done = [json.loads(line) for line in kept.read_text().splitlines()] if kept.is_file() else []
    for number in range(len(done), given.forgeries):
        done.append(try_forgery(project, given.work / "forged", given.seed, number))
        with kept.open("a") as stream:
            stream.write(json.dumps(done[-1]) + "\n")
    total, found = (Counter(each["kind"] for each in done if each["by"] or every) for every in (True, False))
    for kind in sorted(total):
        print(f"{kind}: {found[kind]} of {total[kind]}")
    by = Counter(each["by"] for each in done)
    print(f"found: {sum(found.values())} of {len(done)}, {by['gate']} by the gate, {by['verify']} by verify")
    for each in done:
        if not each["by"]:
            print(f"not found: {each}")


def prepare(root: Path) -> None:
    """Four batches: one is accepted, one in part, one held, one held and released by Rita; all is committed."""
    root.mkdir(parents=True)
    with contextlib.chdir(root):
        for name, rows, seed, flipped in (
            ("trusted.csv", 200, 1, 0),
            ("data/holdout/rows.csv", 60, 2, 0),
            ("data/incoming/east/first.csv", 40, 3, 0),
            ("data/incoming/east/second.csv", 40, 4, 0.5),
            ("data/incoming/west/third.csv", 40, 5, 0.5),
            ("data/incoming/west/fourth.csv", 40, 6, 0),
        ):
            frame = table(rows, seed, flipped)
            if name.endswith("fourth.csv"):
                frame.loc[7, "size"] = "huge"  # no number, so that this row is held
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            frame.to_csv(name, index=False)
        git("init", "-q", "-b", "main")
        Repo.init().close()
        pratique("init", ".", "--from", "trusted.csv", "--label", "y")
        text = paths.PARAMS.read_text()
        start, end = text.index("checks:"), text.index("sources:")
        text = f"{text[:start]}checks: {{schema: {{}}, labels: {{}}}}\n\n{text[end : text.index('drill:')]}"
        paths.PARAMS.write_text(text.replace("random_forest", "logistic_regression"))
        listed = "".join(f"{s}:\n  origin: o\n  owner: w\n  licence: l\n  labels: b\n" for s in ("east", "west"))
        paths.SOURCES.write_text(listed)
        pratique("review", "setup", who="rita")
        for stage in STAGES[:3]:
            pratique(stage)
        commit("mia")
        pratique("review", "release", "west/third", "--reason", "looked at it", who="rita")
        commit("rita")
        for stage in STAGES[2:]:
            pratique(stage)
        lock()
        commit("mia")
        assert Record.read(paths.RECORDS / "west/third.json").state == "released"
        assert not list_faults()


def try_forgery(project: Path, place: Path, seed: int, number: int) -> dict[str, Any]:
    """Make one forgery in a copy of the project, and tell who found it."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(project, place, symlinks=True)
    rng = np.random.default_rng([seed, number])
    kind = list(KINDS)[number % len(KINDS)]
    with contextlib.chdir(place):
        file, how = forge(kind, rng)
        git("switch", "-q", "-c", "change")
        commit("mallory")
        with contextlib.redirect_stderr(io.StringIO()):
            by = "gate" if is_refused() else "verify" if list_faults() else None
    return {"number": number, "kind": kind, "file": file, "how": how, "by": by}


def is_refused() -> bool:
    """Whether the gate does not let the change in; what it can't decide, it does not let in."""
    try:
        return not gate("main").passes
    except PratiqueError:
        return True


def list_faults() -> list[str]:
    """The faults that verify finds."""
    return [fault for claim in verify(retrain=True) for fault in claim.faults]


def table(rows: int, seed: int, flipped: float) -> pd.DataFrame:
    """Numbers and words that tell of a class; a share of the labels is wrong."""
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=rows)
    wrong = np.arange(rows) < flipped * rows
    labels = np.array(["low", "middle", "high"])[np.where(wrong, y + 1, y) % 3]
    size, weight = rng.normal(4.0 * y).round(3), rng.normal(20 - 3.0 * y).round(3)
    colour = np.where(rng.random(rows) < 0.8, np.array(["red", "green", "blue"])[y], "grey")
    return pd.DataFrame({"size": size.astype(object), "weight": weight, "colour": colour, "y": labels})


@contextlib.contextmanager
def working_as(who: str) -> Iterator[None]:
    """Let git take whoever works here for this person, who has a key of their own beside the project."""
    names = {f"GIT_{role}_NAME": who.title() for role in ("AUTHOR", "COMMITTER")}
    mails = {f"GIT_{role}_EMAIL": f"{who}@example.org" for role in ("AUTHOR", "COMMITTER")}
    before = dict(os.environ)
    os.environ |= names | mails | {"XDG_CONFIG_HOME": str(Path.cwd().parent / "people" / who)}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


def commit(who: str) -> None:
    """Commit everything."""
    git("add", "-A")
    with working_as(who):
        git("commit", "-q", "--allow-empty", "-m", f"By {who}")


def git(*words: str) -> None:
    subprocess.run(["git", *words], check=True)


def pratique(*words: str, who: str = "mia") -> None:
    """Run a command in this process; it must succeed."""
    with working_as(who), contextlib.redirect_stdout(io.StringIO()):
        app(words, standalone_mode=False)


if __name__ == "__main__":
    main()
