"""Real git, dvc and pratique, as people run them: in folders of their own, with a home of their own."""

import contextlib
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from pratique.cli import app
from pratique.core import errors
from pratique.provenance import signing

REPOSITORY = Path(__file__).parents[2]
FEW_CHECKS = "checks:\n  schema: {}\n  shift: {}\n  labels:\n    neighbours: 10\n\n"
SMALL_DRILL = "drill: {attacks: {label_flip: {}}, rates: [0.2], repetitions: 1, retrainings: 2, batches: 2, rows: 20}\n"


@dataclass(frozen=True)
class Done:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        assert "Traceback" not in self.out + self.err, self.err

    @property
    def complaint(self) -> str:
        """The one line with which a command refused its input."""
        assert self.code == 2, self
        assert self.err.startswith("pratique: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert self.err.endswith("\n"), self.err
        return self.err.removeprefix("pratique: ").rstrip("\n")


@dataclass(frozen=True)
class Project:
    """A folder that commands run in."""

    root: Path
    home: Path
    who: str = "tests"

    def by(self, who: str) -> "Project":
        """The same folder, worked in by somebody else, as git sees it."""
        return replace(self, who=who)

    def in_folder(self, name: str) -> "Project":
        """A folder below, to run commands in."""
        return replace(self, root=self.root / name)

    def run(self, *words: str) -> Done:
        """Run a command of this environment in a process of its own."""
        done = subprocess.run(words, cwd=self.root, env=self._environment(), capture_output=True, text=True)
        return Done(done.returncode, done.stdout, done.stderr)

    def ok(self, *words: str) -> str:
        """Run a command that must succeed; what it wrote on standard output."""
        done = self.run(*words)
        assert done.code == 0, f"{words}\n{done.out}{done.err}"
        return done.out

    def pratique(self, *words: str) -> Done:
        """Run `pratique` in this process, which is faster; its exit code is what a shell would see."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        with (
            contextlib.chdir(self.root),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            warnings.catch_warnings(action="ignore"),  # a test turns them into errors, a command does not
            mock.patch.dict(os.environ, self._identity()),
        ):
            try:
                errors.run(lambda: app(words))
            except SystemExit as stop:
                code = int(stop.code or 0)
        return Done(code, out.getvalue(), err.getvalue())

    def stages(self, *names: str) -> None:
        """Run stages in this process; each must succeed."""
        for name in names:
            done = self.pratique(name)
            assert done.code == 0, f"{name}\n{done.out}{done.err}"

    def commit(self) -> None:
        """Commit everything that is not ignored, into a new repository if there is none."""
        if not (self.root / ".git").exists():
            self.ok("git", "init", "-q", "-b", "main")
        self.ok("git", "add", "-A")
        self.ok("git", "commit", "-q", "-m", "All of it")

    def copy(self, root: Path) -> "Project":
        """The same folder at another place."""
        shutil.copytree(self.root, root, symlinks=True)
        return replace(self, root=root)

    def set_up(self, *people: str) -> None:
        """List these people in params.yaml as reviewers, each with a key; whoever works here if none is named."""
        for who in people or (self.who,):
            done = self.by(who).pratique("review", "setup")
            assert done.code == 0, done

    def simplify(self, checks: str = FEW_CHECKS) -> None:
        """Fewer checks, a quick model and a small drill: the tests of the sample are about all of them."""
        text = (self.root / "params.yaml").read_text(encoding="utf-8")
        start, end = text.index("checks:"), text.index("sources:")
        assert text.count("model: random_forest") == 1
        text = f"{text[:start]}{checks}{text[end : text.index('drill:')]}{SMALL_DRILL}"
        self.path("params.yaml").write_text(text.replace("random_forest", "logistic_regression"), encoding="utf-8")

    def path(self, name: str) -> Path:
        """A file of the folder, whose own folder is made if it is missing."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def contents(self, *names: str) -> dict[str, bytes]:
        """The bytes of every file at or below these places, by path."""
        tops = [self.root / name for name in names]
        files = [p for top in tops for p in ([top] if top.is_file() else sorted(top.rglob("*"))) if p.is_file()]
        return {p.relative_to(self.root).as_posix(): p.read_bytes() for p in files}

    def _environment(self) -> dict[str, str]:
        """Nothing of whoever runs the tests: not the home, not the settings of git and dvc."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "DVC_"))}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY / "stages"),
            "HOME": str(self.home),
            "CI": "true",  # dvc looks for no update
            "DVC_NO_ANALYTICS": "true",
            "DVC_SITE_CACHE_DIR": str(self.home / "dvc"),
            **self._identity(),
        }

    def _identity(self) -> dict[str, str]:
        people = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", self.who.title()), ("EMAIL", f"{self.who}@example.org"))
        }
        settings = {"XDG_CONFIG_HOME": str(self.home / self.who)}  # everybody has a key of their own
        return people | settings | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}


@dataclass(frozen=True)
class Change(Project):
    """A branch of a team's repository, to be judged by `pratique gate --base main`."""

    def bring(self, frame: pd.DataFrame, name: str) -> None:
        """Put a batch where batches come in."""
        frame.to_csv(self.path(f"data/incoming/{name}"), index=False)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace words in a file that has them."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert old in text
        self.path(name).write_text(text.replace(old, new, 1), encoding="utf-8")

    def policy(self, name: str, old: str, new: str) -> None:
        """Mia changes a file on main, and the branch stays behind."""
        self.ok("git", "switch", "-q", "main")
        self.edit(name, old, new)
        self.by("mia").commit()
        self.ok("git", "switch", "-q", "change")

    def decide(self, *words: str) -> None:
        """Run the pipeline so that there is a record, decide, and commit the decision without what the run wrote."""
        self.stages("ingest", "validate")
        done = self.pratique("review", *words)
        assert "wrote  data/decisions/" in done.out, done
        self.ok("git", "checkout", "-q", "--", "data/ledger.jsonl")
        self.commit()

    def decision(self, who: str) -> Path:
        """The file that holds somebody's decision."""
        found = (self.root / "data/decisions").glob("*.json")
        return next(path for path in found if f"{who}@" in read_statement(path)["predicate"]["reviewer"])

    def decide_again(self, who: str, **said: str | None) -> None:
        """Change what somebody decided, sign it with their key, and commit that."""
        path = self.decision(who)
        statement = read_statement(path)
        statement["predicate"] |= said
        signing.save(path, statement, self.key_of(who))
        self.by(who).commit()

    def key_of(self, who: str) -> Path:
        """Where `review setup` puts somebody's key."""
        return self.home / who / "pratique/reviewer_key"

    def gate(self, *words: str, submitter: str = "sam@example.org") -> Done:
        """Judge this branch, which CI knows to be Sam's, against main."""
        return self.pratique("gate", "--base", "main", "--submitter", submitter, *words)

    def refused(self) -> dict[str, str]:
        """Judge this branch, which must be refused for what it brings beside batches: the reasons, by path."""
        done = self.gate()
        assert done.code == 1, done
        return {each["path"]: each["reason"] for each in self.found["refused"]}

    @property
    def found(self) -> dict[str, Any]:
        """What the gate wrote for programs."""
        return json.loads((self.root / "data/reports/gate/verdict.json").read_text(encoding="utf-8"))

    def batch(self, name: str) -> dict[str, Any]:
        """What the gate wrote about one batch."""
        (one,) = (each for each in self.found["batches"] if each["batch"] == name)
        return one

    def line(self, name: str) -> dict[str, str]:
        """The line of batches.csv about one batch."""
        with (self.root / "data/reports/batches.csv").open(encoding="utf-8", newline="") as stream:
            (one,) = (line for line in csv.DictReader(stream) if line["batch"] == name)
        return one


def read_statement(path: Path) -> dict[str, Any]:
    """What a signed file says."""
    return signing.unseal(path.read_bytes(), str(path))


@pytest.fixture(scope="session")
def new_project(tmp_path_factory):
    """Make an empty folder to run commands in."""
    return lambda: Project(tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("home"))


@pytest.fixture
def project(new_project):
    return new_project()


def tabular(rows: int, seed: int, flipped: float = 0.0) -> pd.DataFrame:
    """Rows of mixed columns in three classes, which every column tells something about."""
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=rows)
    frame = pd.DataFrame(
        {
            "size": rng.normal(4.0 * y, 1.0).round(3),
            "weight": rng.normal(20.0 - 3.0 * y, 1.0).round(3),
            "age": rng.poisson(20 + 15 * y),
            "colour": np.where(rng.random(rows) < 0.8, np.array(["red", "green", "blue"])[y], "grey"),
            "shape": rng.choice(["disc", "cube", "rod"], rows),
        }
    )
    wrong = np.arange(rows) < flipped * rows
    frame["y"] = np.array(["low", "middle", "high"])[np.where(wrong, y + rng.integers(1, 3, rows), y) % 3]
    return frame


@pytest.fixture(scope="session")
def make_rows():
    return tabular


@pytest.fixture(scope="session")
def initialised(new_project):
    """A small project as `pratique init` leaves it: a reference, a holdout, two good batches. Copy it to change it."""
    project = new_project()
    tabular(200, seed=1).to_csv(project.path("trusted.csv"), index=False)
    tabular(60, seed=2).to_csv(project.path("data/holdout/rows.csv"), index=False)
    tabular(30, seed=3).to_csv(project.path("data/incoming/east/first.csv"), index=False)
    tabular(30, seed=4).to_parquet(project.path("data/incoming/west/second.parquet"), index=False)
    done = project.pratique("init", ".", "--from", "trusted.csv", "--label", "y")
    assert done.code == 0, done
    return project


@pytest.fixture(scope="session")
def prepared(initialised, tmp_path_factory):
    """The same with few checks and a small drill. Copy it to change it."""
    project = initialised.copy(tmp_path_factory.mktemp("prepared") / "project")
    project.simplify()
    return project


@pytest.fixture(scope="session")
def cleared(prepared, tmp_path_factory):
    """The same after every stage. Copy it to change it."""
    project = prepared.copy(tmp_path_factory.mktemp("cleared") / "project")
    project.stages("calibrate", "ingest", "validate", "train", "evaluate")
    return project


@pytest.fixture(scope="session")
def main(tmp_path_factory):
    """A team's repository: its branch main has run the pipeline, with two quick checks, on two good batches.

    Rita, Tom and Sam are reviewers, each with a key.
    """
    project = Change(tmp_path_factory.mktemp("main"), tmp_path_factory.mktemp("home"), "mia")
    tabular(200, seed=1).to_csv(project.path("trusted.csv"), index=False)
    tabular(60, seed=2).to_csv(project.path("data/holdout/rows.csv"), index=False)
    project.bring(tabular(40, seed=3), "east/first.csv")
    tabular(40, seed=4).to_parquet(project.path("data/incoming/west/second.parquet"), index=False)
    project.ok("git", "init", "-q", "-b", "main")
    project.ok("dvc", "init", "-q")
    done = project.pratique("init", ".", "--from", "trusted.csv", "--label", "y")
    assert done.code == 0, done
    project.simplify("checks: {schema: {}, labels: {}, leaks: {}}\n\n")
    project.set_up("rita", "tom", "sam")
    listed = "".join(f"{s}:\n  origin: o\n  owner: w\n  licence: l\n  labels: b\n" for s in ("east", "west"))
    project.path("data/sources.yaml").write_text(listed, encoding="utf-8")
    project.stages("calibrate", "ingest", "validate", "train", "evaluate")
    project.ok("dvc", "commit", "-q", "-f", "calibrate", "ingest", "validate", "train", "evaluate")
    project.commit()
    project.bring(tabular(40, seed=5), "east/third.csv")
    assert project.gate().code == 0  # the profile that it learns is kept below .git, for every copy
    project.ok("git", "clean", "-q", "-f", "data/incoming")
    return project


@pytest.fixture
def change(main, tmp_path):
    """A branch of it, in which Sam, a supplier, works."""
    project = main.copy(tmp_path / "project").by("sam")
    project.ok("git", "switch", "-q", "-c", "change")
    return project


@pytest.fixture
def clean():
    return tabular(40, seed=11)


@pytest.fixture
def flipped():
    return tabular(40, seed=12, flipped=0.5)


@pytest.fixture
def poisoned(change, flipped):
    """The branch with a poisoned batch, committed by Sam."""
    change.bring(flipped, "east/bad.csv")
    change.commit()
    return change


@pytest.fixture
def released(poisoned):
    """Rita has released the poisoned batch, and committed that."""
    poisoned.by("rita").decide("release", "east/bad", "--reason", "looked at it")
    return poisoned


@pytest.fixture
def keys(change, monkeypatch):
    """Sign with this key, whoever works here; main asks that the gate's summaries are signed with Rita's."""
    change.ok("git", "switch", "-q", "main")
    change.edit("params.yaml", "gate: null", f"gate: {signing.public_line(change.key_of('rita'))}")
    change.commit()
    change.ok("git", "switch", "-q", "-C", "change")

    def use(who: str | None) -> None:
        monkeypatch.setenv(signing.KEY_VARIABLE, str(change.key_of(who)) if who else "")

    return use
