"""Real git, dvc and pratique, as people run them: in folders of their own, with a home of their own."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages.cli import app
from stages.core import errors

REPOSITORY = Path(__file__).parents[2]


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
            self.ok("git", "init", "-q")
        self.ok("git", "add", "-A")
        self.ok("git", "commit", "-q", "-m", "All of it")

    def copy(self, root: Path) -> "Project":
        """The same folder at another place."""
        shutil.copytree(self.root, root, symlinks=True)
        return Project(root, self.home)

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
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(self.home),
            "CI": "true",  # dvc looks for no update
            "DVC_NO_ANALYTICS": "true",
            "DVC_SITE_CACHE_DIR": str(self.home / "dvc"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Tests",
            "GIT_AUTHOR_EMAIL": "tests@example.org",
            "GIT_COMMITTER_NAME": "Tests",
            "GIT_COMMITTER_EMAIL": "tests@example.org",
        }


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
def prepared(new_project):
    """A small project in which no stage has run: a reference, a holdout, two good batches. Copy it to change it."""
    project = new_project()
    tabular(200, seed=1).to_csv(project.path("trusted.csv"), index=False)
    tabular(60, seed=2).to_csv(project.path("data/holdout/rows.csv"), index=False)
    tabular(30, seed=3).to_csv(project.path("data/incoming/east/first.csv"), index=False)
    tabular(30, seed=4).to_parquet(project.path("data/incoming/west/second.parquet"), index=False)
    done = project.pratique("init", ".", "--from", "trusted.csv", "--label", "y")
    assert done.code == 0, done
    return project


@pytest.fixture(scope="session")
def cleared(prepared, tmp_path_factory):
    """The same after every stage. Copy it to change it."""
    project = prepared.copy(tmp_path_factory.mktemp("cleared") / "project")
    project.stages("calibrate", "ingest", "validate", "train", "evaluate")
    return project


CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium():
    """A real browser, that of the system; nothing is downloaded."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip("no Chromium on this machine: `apt-get install chromium`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium):
    """A browser's tab; what it asks of the network and what goes wrong in it is noted.

    A page that fails to load, a script that throws and a policy that is broken all end up in `complaints`.
    """
    context = chromium.new_context(viewport={"width": 1100, "height": 900})
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("dialog", lambda dialog: (page.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield page
    context.close()
