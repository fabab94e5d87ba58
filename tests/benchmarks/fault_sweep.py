"""What each command does where a file of the project is gone, empty, halved, one bit off, or another well-formed one.

    python tests/benchmarks/fault_sweep.py WORK OUT.csv [--commands train trace ...] [--places data/records ...]

Makes a small project in the folder WORK, and another of other rows, from which well-formed other files come. Each file
is spoiled in each way, each command runs on that, and one line goes to OUT.csv; what stands there is not run again.
`--table` prints the table of docs/security.md from OUT.csv instead. The exit code is 1 where a command ended with a
traceback, or was silent about a difference.

What a command did: `same`, the output and the files of an undamaged run; `refused`, exit 2 with a line that names the
place; `told`, another output that names it; `input`, another result of what people brought, as it should; `silent`,
another result and no word; `traceback`.
"""

import argparse
import contextlib
import csv
import hashlib
import importlib
import io
import os
import pkgutil
import shutil
import subprocess
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

KINDS = {
    "batch that came in": "data/incoming/east/a.csv",
    "labelled rows that are trusted": "data/reference/trusted.csv",
    "holdout": "data/holdout/rows.csv",
    "declared columns": "expectations/columns.yaml",
    "declared schema": "expectations/schema.yaml",
    "params": "params.yaml",
    "decision": "data/decisions/*.json",
    "digests of batches": "data/batches/checksums.json",
    "note on a batch": "data/batches/east/a.json",
    "rows of a batch": "data/batches/east/a.parquet",
    "bytes that are no table": "data/batches/west/torn.original",
    "digests of the profile": "data/profile/checksums.json",
    "summary of the profile": "data/profile/profile.json",
    "check in the profile": "data/profile/checks/labels.npz",
    "fusion in the profile": "data/profile/rows.npz",
    "digests of records": "data/records/checksums.json",
    "record": "data/records/east/a.json",
    "accepted rows": "data/accepted/east/a.parquet",
    "quarantined rows": "data/quarantine/west/bad/rows.parquet",
    "table of batches": "data/reports/batches.csv",
    "table of rows": "data/reports/rows.parquet",
    "ledger": "data/ledger.jsonl",
    "manifest of the model": "data/model/manifest.json",
    "model": "data/model/model.skops",
    "digests of metrics": "data/reports/confusion/checksums.json",
    "metrics": "data/reports/metrics.json",
    "kept examination": "data/.cache/examinations/*.npz",
    "kept batch": "data/.cache/cleared/*.arrow",
}
INPUTS = ("data/incoming", "data/reference", "data/holdout", "expectations", "params.yaml", "data/decisions")
"""What people bring: what can be read is another input, which git shows."""
COMMANDS = {
    "validate": ("validate",),
    "train": ("train",),
    "evaluate": ("evaluate",),
    "report": ("report",),
    "status": ("status",),
    "trace": ("trace", "east/a"),
    "trace row": ("trace", "west/bad:3"),
    "recall": ("recall", "east"),
    "review": ("review", "show", "west/bad"),
    "verify": ("verify",),
}
WAYS: dict[str, Callable[[bytes], bytes | None]] = {
    "gone": lambda data: None,
    "empty": lambda data: b"",
    "halved": lambda data: data[: len(data) // 2],
    "one bit": lambda data: _flip(data, len(data) * 8 // 3),
    "another": lambda data: data,
}
BAD = ("silent", "traceback")


@dataclass(frozen=True)
class Done:
    """How a command ended, what it said, and what lay there afterwards."""

    code: int
    said: str
    files: dict[str, str]


@dataclass(frozen=True)
class Line:
    """What one command did about one file that was spoiled in one way."""

    kind: str
    way: str
    command: str
    outcome: str
    code: int
    said: str


def main() -> None:
    """Run what was not run yet."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument("--kinds", nargs="+", default=list(KINDS))
    words.add_argument("--commands", nargs="+", default=list(COMMANDS))
    words.add_argument("--ways", nargs="+", default=list(WAYS))
    words.add_argument("--table", action="store_true")
    given = words.parse_args()
    if given.table:
        print(tabulate(read_lines(given.out)))
        return
    preload()
    work = given.work.resolve()
    base, other = make_project(work / "base", 1), make_project(work / "other", 101)
    known = {(line.kind, line.way, line.command) for line in read_lines(given.out)}
    expected = {name: run(base, work / "room", COMMANDS[name]) for name in given.commands}
    bad = 0
    for line in sweep(base, other, work / "room", given, expected, known):
        write_line(given.out, line)
        bad += line.outcome in BAD
        if line.outcome in BAD:
            print(f"{line.kind}, {line.way}: {line.command}: {line.outcome}: {line.said}", flush=True)
    sys.exit(bool(bad))


def preload() -> None:
    """Import all that a command imports: each runs in a fork of this process."""
    import pratique

    for module in pkgutil.walk_packages(pratique.__path__, "pratique."):
        with contextlib.suppress(ImportError):
            importlib.import_module(module.name)


def sweep(
    base: Path, other: Path, room: Path, given: argparse.Namespace, expected: dict[str, Done], known: set[tuple]
) -> Iterator[Line]:
    """Each file in each way for each command."""
    for kind in given.kinds:
        for way in given.ways:
            for name in given.commands:
                if (kind, way, name) not in known:
                    yield try_fault(base, other, room, kind, way, name, expected[name])


def try_fault(base: Path, other: Path, room: Path, kind: str, way: str, name: str, expected: Done) -> Line:
    """Spoil one file, run one command, and say what it did."""
    (place,) = sorted(base.glob(KINDS[kind]))[:1] or [base / KINDS[kind]]
    place = place.relative_to(base)

    def spoil() -> None:
        if not place.exists():
            return
        (source,) = sorted(other.glob(KINDS[kind]))[:1] if way == "another" else [base / place]
        data = WAYS[way](next(p for p in (source, *sorted(source.glob("*"))) if p.is_file()).read_bytes())
        target = place if place.is_file() else next(place.iterdir())
        target.unlink()
        if data is not None:
            target.write_bytes(data)

    if not (base / place).exists():
        return Line(kind, way, name, "same", 0, "there is no such file")
    done = run(base, room, COMMANDS[name], spoil)
    return Line(kind, way, name, judge(place, done, expected), done.code, " / ".join(done.said.split("\n"))[:300])


def judge(place: Path, done: Done, expected: Done) -> str:
    """What a command did about a file."""
    if "Traceback" in done.said or done.code not in (0, 1, 2):
        return "traceback"
    names = {place.as_posix(), place.parent.as_posix(), place.with_suffix("").as_posix().removeprefix("data/incoming/")}
    if done.code == 2 and expected.code != 2:
        return "refused" if any(name in done.said for name in names) else "refused elsewhere"
    rest = lambda files: {name: sha for name, sha in files.items() if name != place.as_posix()}  # noqa: E731
    if (done.code, done.said) == (expected.code, expected.said) and rest(done.files) == rest(expected.files):
        return "same"
    if any(name in done.said and name not in expected.said for name in names):
        return "told"
    return "input" if done.code == 0 and place.as_posix().startswith(INPUTS) else "silent"


def run(base: Path, room: Path, words: tuple[str, ...], spoil: Callable[[], None] = lambda: None) -> Done:
    """Run a command on a copy of the project, in a process of its own that has imported everything already."""
    shutil.rmtree(room, ignore_errors=True)
    shutil.copytree(
        base, room, symlinks=True, copy_function=os.link
    )  # every writer renames, so that base is not touched
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.dup2(writer, 1), os.dup2(writer, 2)
        os._exit(_run_here(room, words, spoil))
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        said = stream.read().decode(errors="replace")
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Done(code, said.replace(str(room), "ROOM"), digest_files(room))


def _run_here(room: Path, words: tuple[str, ...], spoil: Callable[[], None]) -> int:
    from pratique.cli import app
    from pratique.core import errors

    sys.stdout, sys.stderr = (io.TextIOWrapper(os.fdopen(n, "wb", 0), write_through=True) for n in (1, 2))
    os.chdir(room)
    try:
        spoil()
        errors.run(lambda: app(words))
    except SystemExit as stop:
        return int(stop.code or 0)
    except BaseException:
        import traceback

        traceback.print_exc()
        return 70
    return 0


def digest_files(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file but those of git and DVC, and pages, which hold what the others say."""
    found = {}
    for top in ("data", "expectations", "params.yaml"):
        for path in (folder / top, *sorted((folder / top).rglob("*"))):
            if path.is_file():
                found[path.relative_to(folder).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def make_project(root: Path, seed: int) -> Path:
    """A project with two quick checks after a run: two accepted batches, one that is poisoned, one that is no table."""
    if (root / ".done").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    for name, rows, at, flipped in (
        ("data/reference/trusted", 200, 0, 0.0),
        ("data/holdout/rows", 60, 1, 0.0),
        ("data/incoming/east/a", 30, 2, 0.0),
        ("data/incoming/east/b", 30, 3, 0.0),
        ("data/incoming/west/bad", 30, 4, 0.5),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        draw_rows(rows, seed + at, flipped).to_csv(root / f"{name}.csv", index=False)
    (root / "data/incoming/west/torn.parquet").write_bytes(b"PAR1" + bytes([seed]) * 100)
    for words in (
        "git init -q -b main",
        "dvc init -q",
        "pratique init . --from data/reference --label y --yes",
    ):
        _shell(root, words)
    params = root / "params.yaml"
    text = params.read_text(encoding="utf-8")
    start, end = text.index("checks:"), text.index("sources:")
    text = f"{text[:start]}checks: {{schema: {{}}, labels: {{neighbours: 10}}}}\n\n{text[end : text.index('drill:')]}"
    text = text.replace("random_forest", "logistic_regression").replace("identity: signature", "identity: claims")
    small = "drill: {attacks: {label_flip: {}}, rates: [0.2], repetitions: 1, retrainings: 2, batches: 2, rows: 20}\n"
    params.write_text(text + small, encoding="utf-8")
    _shell(root, "pratique calibrate", "pratique ingest", "pratique validate")
    _shell(root, "pratique review reject west/bad --reason bad", "pratique validate")
    _shell(root, "pratique train", "pratique evaluate", "pratique report")
    _shell(root, "dvc commit -q -f calibrate ingest validate train evaluate", "git add -A", "git commit -q -m all")
    (root / ".done").touch()
    return root


def draw_rows(rows: int, seed: int, flipped: float) -> pd.DataFrame:
    """Rows in two classes that every column tells something about."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=rows)
    frame = pd.DataFrame({"size": rng.normal(4.0 * y).round(3), "age": rng.poisson(20 + 15 * y)})
    frame["colour"] = np.where(rng.random(rows) < 0.8, np.array(["red", "blue"])[y], "grey")
    frame["y"] = np.array(["low", "high"])[y ^ (rng.random(rows) < flipped)]
    return frame


def _shell(root: Path, *commands: str) -> None:
    people = {
        f"GIT_{r}_{p}": v for r in ("AUTHOR", "COMMITTER") for p, v in (("NAME", "T"), ("EMAIL", "t@example.org"))
    }
    os.environ.update(people | {"GIT_CONFIG_GLOBAL": os.devnull, "DVC_NO_ANALYTICS": "true", "CI": "true"})
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in commands:
        done = subprocess.run(command.split(), cwd=root, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{command}: {done.stdout}{done.stderr}")


def _flip(data: bytes, bit: int) -> bytes:
    spoiled = bytearray(data)
    if spoiled:
        spoiled[bit // 8] ^= 1 << bit % 8
    return bytes(spoiled)


def read_lines(out: Path) -> list[Line]:
    """What stands in OUT.csv."""
    if not out.exists():
        return []
    with out.open(encoding="utf-8", newline="") as stream:
        return [Line(**{**each, "code": int(each["code"])}) for each in csv.DictReader(stream)]


def write_line(out: Path, line: Line) -> None:
    """Add one line to OUT.csv."""
    new = not out.exists()
    with out.open("a", encoding="utf-8", newline="") as stream:
        lines = csv.DictWriter(stream, asdict(line))
        if new:
            lines.writeheader()
        lines.writerow(asdict(line))


def tabulate(lines: list[Line]) -> str:
    """A line of Markdown for each kind of file, a column for each command: the outcomes, in the order of the ways."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        found[line.kind][line.command].append(line.outcome)
    commands = [name for name in COMMANDS if any(name in by for by in found.values())]
    rows = [["file", *commands], ["---"] * (1 + len(commands))]
    rows += [[kind, *(", ".join(dict.fromkeys(by[name])) for name in commands)] for kind, by in found.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt), warnings.catch_warnings(action="ignore"):
        main()
