"""The command `pratique doctor`: what this machine and this folder have, what is missing, and what mends it."""

import contextlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.home import find_home
from pratique.core.params import Params, load
from pratique.core.screen import say
from pratique.core.version import __version__
from pratique.detector import profile
from pratique.provenance import git, signing
from pratique.tables.trusted import read_reference
from pratique.training.rows import read_holdout

REINSTALL = "install pratique anew, in an environment of its own: `uv tool install --force pratique`"


@dataclass(frozen=True)
class Symptom:
    """One thing that was looked at.

    Attributes
    ----------
    place : str
    said : str
        What is there, or what is not.
    mend : str
        What to do about it; empty where all is well, or `said` says it.
    is_fault : bool
        Whether `said` is an error, which says itself what to do.
    """

    place: str
    said: str
    mend: str = ""
    is_fault: bool = False

    @property
    def is_well(self) -> bool:
        """Whether nothing is to mend."""
        return not (self.mend or self.is_fault)


def main() -> bool:
    """Look at everything and print a line for each; whether all is well."""
    looks = {"packages": _look_at_packages(), "git": _look_at_git(), "DVC": _look_at_dvc()}
    found = [*_examine(looks), *_look_at_pipeline()]
    for each in found:
        say(f"{'ok' if each.is_well else 'to mend':<8} {each.place}: {each.said}")
        if each.mend:
            say(f"{'':<8} → {each.mend}")
    ill = sum(not each.is_well for each in found)
    say("All is well." if not ill else f"{ill} of {len(found)} to mend.")
    return not ill


def _examine(looks: Mapping[str, Iterator[Symptom]]) -> Iterator[Symptom]:
    """What each finds; an error says itself what to do."""
    for place, look in looks.items():
        try:
            yield from look
        except PratiqueError as error:
            yield Symptom(place, str(error), is_fault=True)


def _look_at_packages() -> Iterator[Symptom]:
    """The program itself, and whether what it builds on has versions that it knows."""
    python = f"Python {platform.python_version()} on {platform.system()}"
    yield Symptom("pratique", f"{__version__}, {python}", _advise_on_system())
    named = map(Requirement, metadata.requires("pratique") or [])
    needed = [each for each in named if each.marker is None or each.marker.evaluate()]
    wrong = []
    for each in needed:
        try:
            version = metadata.version(each.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{each.name} is not installed")
            continue
        if not each.specifier.contains(version, prereleases=True):
            wrong.append(f"{each.name} {version}, expected {each.specifier}")
    yield Symptom(
        "packages", "; ".join(wrong) or f"{len(needed)}, each of a version that fits", REINSTALL if wrong else ""
    )


def _advise_on_system() -> str:
    return "run it in the Windows Subsystem for Linux (WSL)" if platform.system() == "Windows" else ""


def _look_at_git() -> Iterator[Symptom]:
    """Git, a repository, and who works here."""
    yield Symptom("git", git.run("version").strip().removeprefix("git version "))
    top = _try(lambda: git.run("rev-parse", "--show-toplevel").strip())
    yield Symptom("git repository", top or "none here", "" if top else "`git init`")
    who = _try(git.read_identity)
    yield Symptom("who works here", who or "git does not know", "" if who else "`git config user.email ADDRESS`")


def _look_at_dvc() -> Iterator[Symptom]:
    """DVC, its folder, and a place that others get data from."""
    try:
        yield Symptom("DVC", metadata.version("dvc"))
    except metadata.PackageNotFoundError:
        yield Symptom("DVC", "not installed", REINSTALL)
        return
    if not any((folder / ".dvc").is_dir() for folder in (Path.cwd(), *Path.cwd().parents)):
        yield Symptom("DVC repository", "none here", "`dvc init`")
        return
    remotes = _run_dvc("remote", "list").split()
    mend = "`dvc remote add --default NAME URL`, so that colleagues and CI can `dvc pull`"
    yield Symptom("DVC remote", remotes[0] if remotes else "none", "" if remotes else mend)


def _run_dvc(*words: str) -> str:
    """What DVC prints; it is run as a program, as its own Python interface reads a pipeline as it goes."""
    done = subprocess.run([sys.executable, "-m", "dvc", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PratiqueError(f"dvc {words[0]}: {' '.join(done.stderr.split()) or f'exit code {done.returncode}'}")
    return done.stdout


def _look_at_pipeline() -> list[Symptom]:
    """The pipeline's folder and everything in it."""
    try:
        home = find_home()
    except PratiqueError as error:
        return [Symptom("pipeline", str(error), is_fault=True)]
    here = Path.cwd()
    with contextlib.chdir(home):
        try:
            params = load()
        except PratiqueError as error:
            return [Symptom("pipeline", str(error), is_fault=True)]
        looks = {
            "keys": _look_at_keys(params),
            "trusted rows": _look_at_trusted_rows(params),
            "profile": _look_at_profile(params),
        }
        where = Symptom("pipeline", f"{os.path.relpath(home / paths.PARAMS, here)} can be used")
        return [where, *_examine(looks), _look_at_pages()]


def _look_at_keys(params: Params) -> Iterator[Symptom]:
    """Whose decisions count, and whether whoever works here can make one."""
    listed, needed = params.signing.reviewers, params.review.reviewers
    if params.review.identity == "claims":
        yield Symptom("reviewers", "decisions count by the name that they claim (review.identity)")
        return
    mend = "`pratique review setup`, by each reviewer, and merge the line that it writes"
    said = f"{len(listed)} listed in params.yaml; a release needs {needed}"
    yield Symptom("reviewers", said, mend if len(listed) < needed else "")
    own = params.signing.key_of(git.email_of(git.read_identity()))
    if own is None:
        yield Symptom("your key", "none is needed, as you are no reviewer; `pratique review setup` makes you one")
        return
    key = signing.reviewer_key()
    fits = key is not None and signing.public_line(key) == own.strip()
    said = "none found" if key is None else f"{key}{'' if fits else ' is another one than params.yaml lists for you'}"
    yield Symptom("your key", said, "" if fits else f"let {signing.KEY_VARIABLE} name the private key that is listed")


def _look_at_trusted_rows(params: Params) -> Iterator[Symptom]:
    """Trusted rows."""
    reference = read_reference(params.data)
    yield Symptom("trusted rows", f"{len(reference):,} in {paths.REFERENCE}")
    if params.trains:
        yield Symptom("trusted rows to measure on", f"{len(read_holdout(reference.layout)):,} in {paths.HOLDOUT}")


def _look_at_profile(params: Params) -> Iterator[Symptom]:
    """Whether what was learned from trusted rows is there, and of those that lie here."""
    profile.load(params)
    if not paths.LOCK.is_file():
        yield Symptom("profile", f"there; no {paths.LOCK} says what it was learned from")
        return
    changed = json.loads(_run_dvc("status", "--json", "calibrate"))
    said = "learned from other trusted rows or params than are here" if changed else "learned from what is here"
    yield Symptom("profile", said, "`dvc repro`" if changed else "")


def _look_at_pages() -> Symptom:
    """Whether the last run got as far as its pages."""
    there = paths.INDEX.is_file()
    return Symptom("pages", str(paths.INDEX) if there else "none yet", "" if there else "`dvc repro`")


def _try(call: Callable[[], str]) -> str:
    try:
        return call()
    except PratiqueError:
        return ""
