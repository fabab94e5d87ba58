"""One bit that is flipped somewhere in a kept examination: read by the reader, and by `pratique validate`.

    python tests/benchmarks/bit_flips.py WORK [--reader 2000] [--command 50]

Makes the project of fault_sweep.py in the folder WORK. The bits are spread evenly over the file. The reader must find
nothing, and the command leave the outputs of an undamaged run; else the exit code is 1.
"""

import argparse
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from fault_sweep import make_project, preload, run
from pratique.detector.cache import read_examination

OUTPUTS = ("data/accepted", "data/quarantine", "data/records", "data/reports", "data/ledger.jsonl")


def main() -> None:
    """Flip them, one after the other."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("--reader", type=int, default=2000)
    words.add_argument("--command", type=int, default=50)
    given = words.parse_args()
    preload()
    work = given.work.resolve()
    base = make_project(work / "base", 1)
    place = sorted(base.glob("data/.cache/examinations/*.npz"))[0]
    whole, bad = place.read_bytes(), 0
    for bit, data in flip(whole, given.reader):
        (work / "flipped.npz").write_bytes(data)
        found = read_examination(work / "flipped.npz")
        bad += found is not None
        print(*[f"bit {bit}: read all the same"] * (found is not None), sep="\n", end="")
    print(f"{given.reader} flips through the reader, {bad} read all the same")
    expected, differing = run(base, work / "room", ("validate",)), 0
    for bit, data in flip(whole, given.command):
        done = run(base, work / "room", ("validate",), lambda data=data: spoil(place.relative_to(base), data))
        equal = (done.code, keep_outputs(done.files)) == (expected.code, keep_outputs(expected.files))
        if not equal or "Traceback" in done.said:
            differing += 1
            print(f"bit {bit}: {done.code} {done.said[-300:]}")
    print(f"{given.command} flips through the command, {differing} with other outputs or a traceback")
    sys.exit(bool(bad or differing))


def flip(whole: bytes, times: int) -> Iterator[tuple[int, bytes]]:
    """The bytes with one bit flipped, at so many places."""
    for time in range(times):
        bit = (2 * time + 1) * len(whole) * 8 // (2 * times)
        spoiled = bytearray(whole)
        spoiled[bit // 8] ^= 1 << bit % 8
        yield bit, bytes(spoiled)


def spoil(place: Path, data: bytes) -> None:
    """Put other bytes in the place of a file, and leave nothing that says how the batches were cleared."""
    for kept in Path("data/.cache/cleared").iterdir():
        kept.unlink()
    place.unlink()
    place.write_bytes(data)


def keep_outputs(files: dict[str, str]) -> dict[str, str]:
    """Those of the run."""
    return {name: sha256 for name, sha256 in files.items() if name.startswith(OUTPUTS)}


if __name__ == "__main__":
    with warnings.catch_warnings(action="ignore"):
        main()
