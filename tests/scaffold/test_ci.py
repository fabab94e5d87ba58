"""The workflows that ship: valid by their public schemas, and nothing in them runs what a change brings."""

import subprocess
import sys
from pathlib import Path

import pytest
from pratique.cli import app
from ruamel.yaml import YAML
from typer.testing import CliRunner

REPOSITORY = Path(__file__).parents[2]
HOOKS = REPOSITORY / ".pre-commit-hooks.yaml"


def printed(forge):
    done = CliRunner().invoke(app, ["ci", forge])
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize(
    ("forge", "words"),
    [("github", ["vendor.github-workflows"]), ("gitlab", ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"])],
)
def test_a_workflow_is_valid_by_its_public_schema(tmp_path, forge, words):
    file = tmp_path / f"{forge}.yml"
    file.write_text(printed(forge), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", *words, file], check=True)


def test_the_hook_is_one_that_pre_commit_reads(tmp_path):
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(HOOKS)]
    subprocess.run(command, check=True, cwd=tmp_path, env={"PRE_COMMIT_HOME": str(tmp_path)})
    (hook,) = YAML(typ="safe").load(HOOKS.read_text(encoding="utf-8"))
    assert hook["entry"] == "pratique gate --base HEAD"


def test_the_change_can_not_edit_its_gate_and_gets_no_credentials():
    workflow = YAML(typ="safe").load(printed("github"))
    assert list(workflow["on"]) == ["pull_request_target"]
    assert workflow["permissions"] == {"contents": "read", "security-events": "write"}
    steps = workflow["jobs"]["gate"]["steps"]
    assert steps[0]["with"]["persist-credentials"] is False
    assert all("${{" not in step.get("run", "") for step in steps)  # what a change is called is never code
