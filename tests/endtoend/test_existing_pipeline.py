"""The gate beside a pipeline that a team has already, and several pipelines in one repository."""

import json
import shutil

import pytest
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

TRAIN = """\
from pathlib import Path
import pandas as pd

files = sorted(Path("quality/data/accepted").rglob("*.parquet"))
rows = pd.concat([pd.read_csv("old.csv"), *map(pd.read_parquet, files)])
Path("model.txt").write_text("\\n".join([str(len(rows)), *(file.stem for file in files)]))
"""
PIPELINE = """\
stages:
  train:
    cmd: python train.py
    deps:
      - train.py
      - old.csv
    params:
      - depth
    outs:
      - model.txt
"""
CHECKS = "checks: {schema: {}, labels: {}, leaks: {}}\n\n"


def edit(project, name, old, new):
    text = (project.root / name).read_text(encoding="utf-8")
    assert old in text
    project.path(name).write_text(text.replace(old, new, 1), encoding="utf-8")


def quick(project, folder):
    """Few checks."""
    text = (project.root / folder / "params.yaml").read_text(encoding="utf-8")
    start, end = text.index("checks:"), text.index("sources:")
    project.path(f"{folder}/params.yaml").write_text(text[:start] + CHECKS + text[end:], encoding="utf-8")


def bring(project, frame, name):
    frame.to_csv(project.path(name), index=False)


def gate(project, *words):
    """Judge the branch by main."""
    return project.pratique("gate", "--base", "main", "--submitter", "sam@example.org", *words)


def verdict(project):
    return json.loads((project.root / "data/reports/gate/verdict.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def team(new_project, make_rows):
    """A repository whose own pipeline trains, as it is before anybody has heard of the gate."""
    project = new_project()
    project.ok("git", "init", "-q", "-b", "main")
    project.ok("dvc", "init", "-q")
    bring(project, make_rows(50, 9), "old.csv")
    bring(project, make_rows(200, 1), "trusted.csv")
    for name, text in (("train.py", TRAIN), ("dvc.yaml", PIPELINE), ("params.yaml", "depth: 3\n")):
        project.path(name).write_text(text, encoding="utf-8")
    project.ok("dvc", "repro", "-q")
    project.commit()
    return project


@pytest.fixture(scope="module")
def beside(team, tmp_path_factory):
    """The same with the gate beside it, on main; the printed lines are in the team's dvc.yaml."""
    project = team.copy(tmp_path_factory.mktemp("beside") / "team")
    done = project.pratique("init", "--into", "quality", "--from", "trusted.csv", "--label", "y")
    assert done.code == 0, done
    lines = done.out.splitlines()
    at = lines.index("    deps:")
    edit(project, "dvc.yaml", "    deps:\n", "\n".join(lines[at : at + 2]) + "\n")
    quick(project, "quality")
    project.commit()
    return project


@pytest.fixture
def change(beside, tmp_path):
    """A branch of it, in which Sam works."""
    project = beside.copy(tmp_path / "team").by("sam")
    project.ok("git", "switch", "-q", "-c", "change")
    return project


def test_init_says_how_to_stand_beside_a_pipeline_that_is_there(team, tmp_path):
    project = team.copy(tmp_path / "team")
    before = project.contents(".")
    complaint = project.pratique("init", "--from", "trusted.csv", "--label", "y").complaint
    assert complaint.startswith("params.yaml: of another pipeline")
    assert "`pratique init --into quality`" in complaint
    project.path("params.yaml").unlink()
    complaint = project.pratique("init", "--from", "trusted.csv", "--label", "y").complaint
    assert complaint.startswith("dvc.yaml: of another pipeline, so no stage was added")
    assert project.contents(".") == {name: data for name, data in before.items() if name != "params.yaml"}


def test_init_into_a_folder_writes_there_alone_and_only_what_is_needed(team, tmp_path):
    project = team.copy(tmp_path / "team")
    before = project.contents(".")
    done = project.pratique("init", "--into", "quality", "--from", "trusted.csv", "--label", "y")
    assert done.code == 0, done
    after = project.contents(".")
    assert {name: data for name, data in after.items() if not name.startswith("quality/")} == before
    pipeline = YAML(typ="safe").load(after["quality/dvc.yaml"])
    assert list(pipeline) == ["stages"]
    assert list(pipeline["stages"]) == ["calibrate", "ingest", "validate", "report"]
    params = YAML(typ="safe").load(after["quality/params.yaml"])
    assert not {"train", "evaluate", "drill"} & params.keys()
    assert "quality/data/reference/trusted.csv" in after
    again = project.pratique("init", "--into", "quality", "--from", "trusted.csv", "--label", "y")
    assert again.code == 0
    assert project.contents(".") == after


def test_a_poisoned_batch_stays_out_of_the_team_s_training(change, make_rows):
    bring(change, make_rows(40, 11), "quality/data/incoming/east/good.csv")
    bring(change, make_rows(40, 12, 0.5), "quality/data/incoming/east/bad.csv")
    change.ok("dvc", "repro", "-q")
    assert (change.root / "model.txt").read_text().split() == ["90", "good"]
    here = change.in_folder("quality")
    here.ok("dvc", "repro", "-q")
    page = (here.root / "data/reports/batches/east/bad.html").read_text(encoding="utf-8")
    assert "Accuracy if you let it in" not in page
    assert "east/bad" in (here.root / "data/reports/index.html").read_text(encoding="utf-8")
    change.ok("dvc", "repro", "-q", "--all-pipelines")
    assert "up to date" in change.ok("dvc", "status")
    change.commit()

    assert (
        "unknown: data/model/manifest.json is not here; `pratique train` (or `dvc repro`) writes it"
        in here.pratique("trace", "east/good").out
    )
    assert here.pratique("recall", "east").code == 0
    assert here.pratique("review", "list").code == 0
    done = here.pratique("verify", "--retrain")
    assert done.code == 0, done
    assert "pages: computed" in done.out
    assert (
        "model: not verified: data/model/manifest.json is not here; `pratique train` (or `dvc repro`) writes it"
        in done.out
    )
    from_above = change.in_folder("quality/data/incoming").pratique("explain", "east/bad")
    assert from_above.code == 0
    assert from_above.err == "Working in ../.., the folder of the nearest params.yaml of Pratique's.\n"


def test_the_gate_in_the_folder_refuses_a_poisoned_change_and_clears_a_clean_one(change, make_rows):
    here = change.in_folder("quality")
    bring(change, make_rows(40, 11), "quality/data/incoming/east/good.csv")
    change.commit()
    assert gate(here).code == 0
    assert [each["batch"] for each in verdict(here)["batches"]] == ["east/good"]
    assert verdict(here)["batches"][0]["authors"] == ["sam@example.org"]
    bring(change, make_rows(40, 12, 0.5), "quality/data/incoming/east/bad.csv")
    change.commit()
    assert gate(here).code == 1
    below = change.in_folder("quality/data")
    assert gate(below).code == 1
    assert "Working in .." in gate(below).err


def test_a_change_of_data_brings_no_code_from_outside_the_folder(change, make_rows):
    here = change.in_folder("quality")
    bring(change, make_rows(40, 11), "quality/data/incoming/east/good.csv")
    change.path("train.py").write_text("print('mine')\n")
    change.commit()
    assert gate(here).code == 1
    assert [each["path"] for each in verdict(here)["refused"]] == ["../train.py"]


def test_batches_that_a_stage_of_the_team_s_makes_are_judged_by_its_line_in_the_lock(change, make_rows):
    """git holds neither the batches nor a pointer; a dvc.lock above the folder names them."""
    here = change.in_folder("quality")
    change.ok("git", "switch", "-q", "main")
    edit(
        change,
        "dvc.yaml",
        "stages:\n",
        "stages:\n  fetch:\n    cmd: python fetch.py\n    outs:\n      - quality/data/incoming/north\n",
    )
    edit(
        change,
        "quality/params.yaml",
        "sources:\n",
        "gate:\n  with_data: ['../dvc.lock', '.gitignore', 'data/incoming/.gitignore']\n\nsources:\n",
    )
    change.commit()
    change.ok("git", "switch", "-q", "-C", "change")
    bring(change, make_rows(40, 12, 0.5), "quality/data/incoming/north/bad.csv")
    change.ok("dvc", "commit", "-q", "-f", "fetch")
    change.commit()
    assert gate(here).code == 1
    assert [each["batch"] for each in verdict(here)["batches"]] == ["north/bad"]
    assert verdict(here)["batches"][0]["authors"] == ["sam@example.org"]


def test_without_params_nothing_passes(change, team, make_rows):
    for project in (team, change):  # at the root there are only the team's own params
        for words in (["gate", "--base", "main"], ["status"], ["verify"], ["check", "old.csv"]):
            complaint = project.pratique(*words).complaint
            assert complaint.startswith("params.yaml: not found with sections `data` and `checks`, here or above"), (
                words
            )
            assert ("`cd quality`" in complaint) == (project is change)
    here = change.in_folder("quality")
    bare = change.ok("git", "rev-list", "--max-parents=0", "HEAD").strip()
    complaint = here.pratique("gate", "--base", bare, "--head", bare).complaint  # not even a change of nothing
    assert complaint == f"{bare[:12]} has no quality/params.yaml: the pipeline lands first, data afterwards"


@pytest.fixture
def two(beside, make_rows, tmp_path):
    """Two pipelines that differ in their budget: `quality` lets almost nothing in, `loose` almost everything."""
    project = beside.copy(tmp_path / "team").by("mia")
    shutil.copytree(project.root / "quality", project.root / "loose")
    edit(project, "quality/params.yaml", "per_1000_batches: 10", "per_1000_batches: 900")
    edit(project, "loose/params.yaml", "per_1000_batches: 10", "per_1000_batches: 0.000001")
    project.commit()
    project.ok("git", "switch", "-q", "-c", "change")
    return project.by("sam")


def test_two_pipelines_are_judged_each_by_its_own_budget(two, make_rows):
    rows = make_rows(40, 12, 0.1)
    for folder in ("quality", "loose"):
        bring(two, rows, f"{folder}/data/incoming/east/doubtful.csv")
    two.commit()
    strict, loose = two.in_folder("quality"), two.in_folder("loose")
    assert (gate(strict).code, gate(loose).code) == (1, 0)
    for here in (strict, loose):
        assert [each["batch"] for each in verdict(here)["batches"]] == ["east/doubtful"]
        assert verdict(here)["refused"] == []  # the other's data is for the other's gate


def test_a_workflow_runs_in_the_folder_of_its_pipeline(two):
    here = two.in_folder("quality/data")
    for forge in ("github", "gitlab"):
        assert here.pratique("ci", forge).code == 0
    github = YAML(typ="safe").load(two.root / ".github/workflows/pratique-quality.yml")
    assert github["defaults"]["run"]["working-directory"] == "./quality/"
    assert github["jobs"]["gate"]["name"] == "gate (quality)"
    assert github["jobs"]["gate"]["steps"][-1]["with"]["path"] == "quality/data/reports/gate/"
    gitlab = YAML(typ="safe").load(two.root / ".gitlab/pratique-quality.yml")
    assert (two.root / "quality/requirements-pratique.in").is_file()
    assert "cd ./quality/" in gitlab["pratique-gate-quality"]["script"]
    two.path("odd $(name)/params.yaml").write_text("checks: {}\n")
    assert "rename the folder" in two.in_folder("odd $(name)").pratique("ci", "github").complaint
