"""The workflow that `pratique ci` prints, run step by step in a shell, from nothing but the repository."""

from dataclasses import replace

import pytest
from pratique.cli import app
from ruamel.yaml import YAML
from typer.testing import CliRunner

pytestmark = pytest.mark.slow


def printed(forge):
    return YAML(typ="safe").load(CliRunner().invoke(app, ["ci", forge]).output)


@pytest.fixture
def origin(poisoned, tmp_path):
    """A bare repository that has main, and Sam's change as a forge keeps it."""
    poisoned.ok("git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "origin.git"))
    poisoned.ok("git", "remote", "add", "origin", str(tmp_path / "origin.git"))
    names = "main", "change:refs/pull/7/head", "change:refs/merge-requests/7/head"
    poisoned.ok("git", "push", "-q", "origin", *names)
    return poisoned


def judge(runner, steps, **environment):
    """Run steps one after the other, as a runner does, until one fails; the last one's outcome."""
    words = [f"{name}={value}" for name, value in environment.items()]
    for step in steps:
        done = runner.run("env", *words, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step)
        if done.code:
            break
    return done


def test_the_steps_on_github(origin, tmp_path):
    """A clone of the base, as actions/checkout leaves it; what is installed is this environment."""
    steps = {step.get("name"): step for step in printed("github")["jobs"]["gate"]["steps"]}
    runner = replace(origin, root=tmp_path / "runner")
    origin.ok("git", "clone", "-q", "-b", "main", str(tmp_path / "origin.git"), str(runner.root))
    names = "Fetch the objects of the change", "Judge the change"
    event = {"BASE": "main", "HEAD": "change", "NUMBER": "7", "TOKEN": "t", "SUBMITTER": "sam-codes"}
    event |= {"GITHUB_STEP_SUMMARY": tmp_path / "summary"}
    event |= {name: origin.ok("git", "rev-parse", event[name]).strip() for name in ("BASE", "HEAD")}
    done = judge(runner, [steps[name]["run"] for name in names], **event)
    assert done.code == 1, done
    assert "east/bad: quarantine" in done.out
    assert judge(runner, [steps["Show the verdict"]["run"]], **event).code == 0
    assert "1 of 1 batches not cleared" in (tmp_path / "summary").read_text(encoding="utf-8")
    assert not (runner.root / "data/incoming/east/bad.csv").exists()


def test_the_steps_on_gitlab(origin, tmp_path):
    """An empty folder; what is installed is this environment. A script of GitLab's runs in one shell."""
    script = [line for line in printed("gitlab")["pratique-gate"]["script"] if "pip install" not in line]
    runner = replace(origin, root=tmp_path / "builds")
    runner.root.mkdir()
    event = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_IID": "7"}
    done = judge(runner, ["\n".join(script)], CI_REPOSITORY_URL=tmp_path / "origin.git", **event)
    assert done.code == 1, done
    assert "east/bad: quarantine" in done.out
    assert (runner.root / "base/data/reports/gate/junit.xml").is_file()
    assert not (runner.root / "base/data/incoming/east/bad.csv").exists()
