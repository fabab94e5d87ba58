"""The workflows that ship: valid by their public schemas, and nothing in them runs what a change brings."""

import re
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from pratique.cli import app
from pratique.core.errors import PratiqueError
from pratique.core.version import __version__
from pratique.scaffold.workflow import workflow_text
from pratique.tables.reading import FORMATS
from ruamel.yaml import YAML
from typer.testing import CliRunner

REPOSITORY = Path(__file__).parents[2]
HOOKS = REPOSITORY / ".pre-commit-hooks.yaml"
ACTION = REPOSITORY / "action.yml"
GITLAB_SCHEMA = ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]


def printed(forge, folder="", branch="main"):
    return workflow_text(forge, PurePosixPath(folder), branch)


def list_shell(forge):
    """Every script of a workflow, and of the action."""
    jobs = YAML(typ="safe").load(ACTION.read_text(encoding="utf-8") if forge == "action" else printed(forge))
    if forge == "gitlab":
        return ["\n".join(job["script"]) for job in jobs.values()]
    steps = [jobs["runs"]] if forge == "action" else jobs["jobs"].values()
    return [step["run"] for job in steps for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("folder", ["", "ml/quality"])
@pytest.mark.parametrize(("forge", "words"), [("github", ["vendor.github-workflows"]), ("gitlab", GITLAB_SCHEMA)])
def test_a_workflow_is_valid_by_its_public_schema(tmp_path, forge, folder, words):
    file = tmp_path / f"{forge}.yml"
    file.write_text(printed(forge, folder), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "check_jsonschema", "--builtin-schema", *words, file], check=True)


def test_the_action_is_valid_by_its_public_schema():
    subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", ACTION], check=True
    )


@pytest.mark.parametrize("forge", ["github", "gitlab", "action"])
def test_a_shell_can_read_every_script(forge):
    scripts = list_shell(forge)
    assert len(scripts) >= 3
    for script in scripts:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        assert "${{" not in script  # what a change is called is never code


def test_a_workflow_is_written_with_what_it_installs_and_nothing_is_overwritten(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path], check=True)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["ci", "github"])
    assert done.exit_code == 0, done.output
    assert "uv pip compile" in done.output
    workflow, pin = tmp_path / ".github/workflows/pratique.yml", tmp_path / "requirements-pratique.in"
    assert workflow.read_text(encoding="utf-8") == printed("github")
    assert f"pratique=={__version__}" in pin.read_text(encoding="utf-8").splitlines()
    pin.write_text("mine")
    assert "kept   requirements-pratique.in" in CliRunner().invoke(app, ["ci", "gitlab"]).output
    assert pin.read_text() == "mine"
    assert (tmp_path / ".gitlab/pratique.yml").read_text(encoding="utf-8") == printed("gitlab")


def test_a_workflow_of_a_pipeline_in_a_folder_lands_where_the_forge_looks(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path], check=True)
    quality = tmp_path / "ml/quality"
    quality.mkdir(parents=True)
    (quality / "params.yaml").write_text("checks: {}\n")
    monkeypatch.chdir(quality)
    assert CliRunner().invoke(app, ["ci", "github"]).exit_code == 0
    assert (tmp_path / ".github/workflows/pratique-ml-quality.yml").is_file()
    assert (quality / "requirements-pratique.in").is_file()


def test_a_workflow_names_the_branch_that_the_repository_has(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", "-b", "trunk", tmp_path], check=True)
    monkeypatch.chdir(tmp_path)
    workflow = tmp_path / ".github/workflows/pratique.yml"
    for branch in ("trunk", "release/next"):  # the one that is checked out, then the remote's
        assert CliRunner().invoke(app, ["ci", "github"]).exit_code == 0
        text = workflow.read_text(encoding="utf-8")
        assert YAML(typ="safe").load(text)["on"]["push"] == {"branches": [branch]}
        assert '--branch "$BRANCH"' in text
        assert "main" not in text
        workflow.unlink()
        subprocess.run(
            ["git", "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release/next"], check=True
        )


def test_a_branch_whose_name_yaml_could_take_for_something_else_is_refused():
    with pytest.raises(PratiqueError, match="rename the branch"):
        printed("github", branch="a, b")


def test_outside_of_git_there_is_no_place_for_a_workflow(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert isinstance(CliRunner().invoke(app, ["ci", "github"]).exception, PratiqueError)


def test_the_hook_is_one_that_pre_commit_reads(tmp_path):
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(HOOKS)]
    subprocess.run(command, check=True, cwd=tmp_path, env={"PRE_COMMIT_HOME": str(tmp_path)})
    check, gate = YAML(typ="safe").load(HOOKS.read_text(encoding="utf-8"))
    assert (gate["entry"], gate["stages"]) == ("pratique gate --base origin/HEAD", ["pre-push"])
    assert (check["entry"], check["stages"]) == ("pratique check", ["pre-commit"])
    assert all(re.search(check["files"], f"data/incoming/east/monday{suffix}") for suffix in FORMATS)
    assert not re.search(check["files"], "data/incoming/east/monday.csv.dvc")


def test_a_workflow_has_no_right_but_to_read_and_no_file_of_the_change():
    workflow = YAML(typ="safe").load(printed("github"))
    assert workflow["on"] == {name: {"branches": ["main"]} for name in ("pull_request", "push")}
    assert workflow["permissions"] == {"contents": "read"}
    gate, attest, learn, comment = (workflow["jobs"][name] for name in ("gate", "attest", "learn", "comment"))
    reads = {"actions": "read", "contents": "read"}
    assert (gate["permissions"], learn["permissions"], attest.get("permissions")) == (reads, reads, None)
    assert comment["permissions"] == {"pull-requests": "write"}  # it checks out nothing
    assert not any("checkout" in step.get("uses", "") for step in comment["steps"])
    assert learn["if"] == "github.event_name == 'push'"  # what pull requests learn is never kept
    assert gate["if"] == "github.event_name == 'pull_request'"
    assert attest["if"].startswith("github.event_name == 'push'")  # the key is never where a change can be
    steps = gate["steps"]
    checked_out = [step["with"] for step in steps if step.get("uses", "").startswith("actions/checkout")]
    base = "${{ github.event.pull_request.base.sha }}"
    assert checked_out == [{"ref": base, "fetch-depth": 0, "persist-credentials": False}]
    assert all("secrets." not in str(step) for step in steps)


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_no_step_lays_out_a_tree_of_the_change(forge):
    text = printed(forge)
    steps = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert not any(
        word in line for line in steps for word in ("dvc pull", "dvc fetch", "git merge ", "git pull", "clone")
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
