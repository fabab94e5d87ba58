"""Two commands of one project at the same moment: two runs of validate, and a release beside a reject.

    python tests/benchmarks/two_at_once.py WORK [--times 50]

Makes the project of fault_sweep.py in the folder WORK. Of two runs each must end with 0, or with 2 and a line that says
who is at work, and what they leave be what one run leaves. Of two decisions none may be lost without a word: both files
are there, or one was refused, or one says which it takes the place of. The exit code is 1 where that is not so.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from fault_sweep import digest_files, make_project

OUTPUTS = ("data/accepted", "data/quarantine", "data/records", "data/reports", "data/ledger.jsonl")


def main() -> None:
    """Begin both, again and again, one of them some milliseconds later."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("work", type=Path)
    words.add_argument("--times", type=int, default=50)
    given = words.parse_args()
    work, found = given.work.resolve(), Counter()
    base = make_project(work / "base", 1)
    os.environ.update({"EMAIL": "t@example.org", "GIT_AUTHOR_NAME": "T", "GIT_AUTHOR_EMAIL": "t@example.org"})
    for time in range(given.times):
        room = copy(base, work / "room")
        shutil.rmtree(room / "data/.cache")
        ends = run_both(room, ["validate"], ["validate"], time)
        found[f"two runs: {judge_runs(ends, base, room)}"] += 1
        room = copy(base, work / "room")
        say = [["review", action, "east/a", "--reason", action] for action in ("release", "reject")]
        found[f"two decisions: {judge_decisions(run_both(room, *say[:: 1 - 2 * (time % 2)], time), base, room)}"] += 1
        print(f"{time + 1} of {given.times}: {dict(found)}", flush=True)
    for what, times in sorted(found.items()):
        print(f"{times:>4}  {what}")
    sys.exit(any("BAD" in what for what in found))


def copy(base: Path, room: Path) -> Path:
    """The project anew."""
    shutil.rmtree(room, ignore_errors=True)
    return shutil.copytree(base, room, symlinks=True)


def run_both(room: Path, first: list[str], second: list[str], time: int) -> list[tuple[int, str]]:
    """How both ended, and what they said; the second begins up to a fifth of a second later."""
    began = []
    for words, pause in ((first, 0.0), (second, time % 5 / 20)):
        wait = f"import time; time.sleep({pause}); from pratique.cli import main; main()"
        command = [sys.executable, "-c", wait, *words]
        began.append(subprocess.Popen(command, cwd=room, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    return [(said, each.returncode)[::-1] for each in began for said in [each.communicate()[0]]]


def judge_runs(ends: list[tuple[int, str]], base: Path, room: Path) -> str:
    """Whether both ended well, and left what one run leaves."""
    codes = sorted(code for code, _ in ends)
    told = all(code == 0 or (code == 2 and "is at work here" in said) for code, said in ends)
    differing = keep_outputs(digest_files(base)).items() ^ keep_outputs(digest_files(room)).items()
    if not told or codes == [2, 2] or differing:
        return f"BAD: {ends} {sorted(differing)[:2]}"
    return "both ended, one after the other" if codes == [0, 0] else "one was refused"


def judge_decisions(ends: list[tuple[int, str]], base: Path, room: Path) -> str:
    """Whether no decision was lost without a word."""
    before = len(list(base.glob("data/decisions/*.json")))
    made = len(list(room.glob("data/decisions/*.json"))) - before
    codes = sorted(code for code, _ in ends)
    if any("Traceback" in said for _, said in ends) or codes[0] != 0:
        return f"BAD: {ends}"
    if codes == [0, 2]:
        return "one was refused"
    replaced = any("takes the place of the" in said for _, said in ends)
    return "both stand" if made == 2 else "one says whose place it takes" if replaced else f"BAD: {made} {ends}"


def keep_outputs(files: dict[str, str]) -> dict[str, str]:
    """Those of the run."""
    return {name: sha256 for name, sha256 in files.items() if name.startswith(OUTPUTS)}


if __name__ == "__main__":
    main()
