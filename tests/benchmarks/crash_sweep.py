"""A command that is killed, or whose disk fails, at each of its writes, and a second run after that.

    python tests/benchmarks/crash_sweep.py WORK OUT.csv [--commands ingest validate ...] [--every 1]

Makes the project of fault_sweep.py in the folder WORK. Each command begins without what it writes; at one point of its
writing it is killed (SIGKILL), or the system says that the disk is full or failed; then it runs again. What lies there
must be what an uninterrupted run leaves, and a full disk one line and exit code 2. One line a point goes to OUT.csv;
what stands there is not run again. The exit code is 1 where something else was found.
"""

import argparse
import csv
import errno
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from fault_sweep import Done, make_project, preload, run

WRITES = {
    "calibrate": ("data/profile",),
    "ingest": ("data/batches",),
    "validate": ("data/accepted", "data/quarantine", "data/records", "data/.cache", "data/reports/rows.parquet"),
    "train": ("data/model",),
    "evaluate": ("data/reports/metrics.json", "data/reports/confusion", "data/reports/triggers.json"),
    "report": ("data/reports/index.html", "data/reports/batches"),
}
FAULTS = {"killed": None, "full": errno.ENOSPC, "failed": errno.EIO}


@dataclass(frozen=True)
class Point:
    """What a command did that was stopped at one of its writes, and what its second run left."""

    command: str
    fault: str
    at: int
    code: int
    outcome: str


def main() -> None:
    """Run what was not run yet."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument("--commands", nargs="+", default=list(WRITES))
    words.add_argument("--every", type=int, default=1)
    given = words.parse_args()
    preload()
    work = given.work.resolve()
    base, bad, found = make_project(work / "base", 1), 0, []
    known = list(csv.DictReader(given.out.open(encoding="utf-8"))) if given.out.exists() else []
    with given.out.open("a", encoding="utf-8", newline="") as stream:
        lines = csv.DictWriter(stream, Point.__annotations__)
        if not known:
            lines.writeheader()
        for command in given.commands:
            done = {(each["fault"], int(each["at"])) for each in known if each["command"] == command}
            for point in stop_everywhere(base, work / "room", command, given.every, done):
                lines.writerow(asdict(point))
                stream.flush()
                found.append(point)
                bad += point.outcome != "equal"
                if point.outcome != "equal":
                    print(point, flush=True)
    print(f"{len(found)} points, {bad} bad")
    sys.exit(bool(bad))


def stop_everywhere(
    base: Path, room: Path, command: str, every: int, known: set[tuple[str, int]] = frozenset()
) -> Iterator[Point]:
    """Stop a command at each of its writes, or at every so many, in each way."""
    counted = room.with_name("counted")
    expected = run(base, room, (command,), lambda: prepare(command, 0, "killed", counted))
    points = int(counted.read_text(encoding="ascii"))
    for number, at in enumerate(range(1, points + 1, every)):
        for fault in FAULTS if every == 1 else [list(FAULTS)[number % 3]]:
            if (fault, at) not in known:
                yield stop(base, room, command, fault, at, expected)


def stop(base: Path, room: Path, command: str, fault: str, at: int, expected: Done) -> Point:
    """Stop a command at one write, and run it again."""
    first = run(base, room, (command,), lambda: prepare(command, at, fault))
    right = {"killed": (-signal.SIGKILL,)}.get(fault, (2,))
    if "Traceback" in first.said or first.code not in right:
        return Point(command, fault, at, first.code, f"ended with {first.said[-200:]}")
    if fault != "killed" and first.said.count("pratique: ") != 1:
        return Point(command, fault, at, first.code, f"said {first.said[-200:]}")
    interrupted = room.with_name("interrupted")
    shutil.rmtree(interrupted, ignore_errors=True)
    room.rename(interrupted)
    second = run(interrupted, room, (command,))
    differing = sorted(name for name, _ in second.files.items() ^ expected.files.items())
    outcome = "equal" if second.code == expected.code and not differing else f"differs: {differing[:3]} {second.said}"
    return Point(command, fault, at, first.code, outcome)


def prepare(command: str, at: int, fault: str, counted: Path | None = None) -> None:
    """Take away what the command writes, and let its write number `at` fail; count the writes where it is 0."""
    for place in map(Path, WRITES[command]):
        shutil.rmtree(place, ignore_errors=True) if place.is_dir() else place.unlink(missing_ok=True)
    seen = 0

    def intercept(call):
        def work(*words, **named):
            nonlocal seen
            seen += 1
            if counted is not None:
                counted.write_text(str(seen), encoding="ascii")
            if seen == at:
                code = FAULTS[fault]
                if code is None:
                    os.kill(os.getpid(), signal.SIGKILL)  # nothing is flushed, nothing cleaned up
                raise OSError(code, os.strerror(code), "data/somewhere")
            return call(*words, **named)

        return work

    os.fsync, os.replace = intercept(os.fsync), intercept(os.replace)
    os.rename = intercept(os.rename)


if __name__ == "__main__":
    with warnings.catch_warnings(action="ignore"):
        main()
