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
    assert (hook["entry"], hook["stages"]) == ("pratique gate --base origin/HEAD", ["pre-push"])


def test_a_workflow_has_no_right_but_to_read_and_no_file_of_the_change():
    workflow = YAML(typ="safe").load(printed("github"))
    assert workflow["on"] == {name: {"branches": ["main"]} for name in ("pull_request", "push")}
    assert workflow["permissions"] == {"contents": "read"}
    gate, attest = workflow["jobs"]["gate"], workflow["jobs"]["attest"]
    assert gate["if"] == "github.event_name == 'pull_request'"
    assert attest["if"].startswith("github.event_name == 'push'")  # the key is never where a change can be
    assert all("${{" not in step.get("run", "") for step in attest["steps"])
    steps = gate["steps"]
    checked_out = [step["with"] for step in steps if step.get("uses", "").startswith("actions/checkout")]
    base = "${{ github.event.pull_request.base.sha }}"
    assert checked_out == [{"ref": base, "fetch-depth": 0, "persist-credentials": False}]
    assert all("${{" not in step.get("run", "") for step in steps)  # what a change is called is never code
    assert all("secrets." not in str(step) for step in steps)


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_no_step_lays_out_a_tree_of_the_change(forge):
    text = printed(forge)
    steps = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert not any(
        word in line for line in steps for word in ("dvc pull", "dvc fetch", "git merge", "git pull", "clone")
    )
    checkouts = [line for line in steps if "git checkout" in line or "git switch" in line]
    places = ("origin/base", '"$CI_COMMIT_BEFORE_SHA"')
    assert all(line.strip() in [f"- git checkout --quiet --detach {place}" for place in places] for line in checkouts)


def test_what_is_signed_after_a_merge_is_uploaded_where_there_is_a_key():
    github, gitlab = (YAML(typ="safe").load(printed(forge)) for forge in ("github", "gitlab"))
    *_, sign, upload = github["jobs"]["attest"]["steps"]
    assert sign["env"]["KEY"] == "${{ secrets.PRATIQUE_SIGNING_KEY }}"
    assert "exit 0" in sign["run"].splitlines()[0]
    assert upload["with"]["path"] == "attestations/"
    (rule,) = gitlab["pratique-attest"]["rules"]
    assert rule["if"].endswith("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $PRATIQUE_SIGNING_KEY")
    assert gitlab["pratique-attest"]["artifacts"]["paths"] == ["base/attestations/"]
