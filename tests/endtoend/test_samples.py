"""`pratique sample` and `dvc repro`, in a folder that was empty, wherever it lies."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from pratique.scaffold.pipeline import STAGES
from pratique.scaffold.samples.digits import DIGIT_BATCHES
from pratique.scaffold.samples.spam import SPAM_BATCHES

IDENTITY = [f"GIT_{role}_{part}" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")]
NOBODY = ("env", *(f"--unset={name}" for name in IDENTITY))


def sample(project, *words, of="iris"):
    """Write a sample into the folder `sample`, by a command of this project's; the folder."""
    project.ok(*words, "pratique", "sample", "--of", of, "sample")
    return replace(project, root=project.root / "sample")


@pytest.fixture(scope="module", params=[("spam", SPAM_BATCHES), ("digits", DIGIT_BATCHES)], ids=["spam", "digits"])
def run(request, new_project):
    """A sample after `dvc repro`, and the plan of its batches."""
    name, plans = request.param
    project = sample(new_project(), of=name)
    said = project.ok("dvc", "repro")
    return project, plans, said


@pytest.fixture(scope="module")
def verdicts(run):
    with (run[0].root / "data/reports/batches.csv").open(encoding="utf-8", newline="") as stream:
        return {line["batch"]: line for line in csv.DictReader(stream)}


# the whole road


@pytest.mark.slow
def test_every_stage_runs_and_then_nothing_is_left_to_do(run):
    project, _, said = run
    for stage in STAGES:
        assert f"Running stage '{stage.name}'" in said
    assert "Data and pipelines are up to date." in project.ok("dvc", "repro")


@pytest.mark.slow
def test_every_poisoned_batch_is_held_and_of_clean_ones_no_more_than_the_budget_allows(run, verdicts):
    """Two of fourteen clean batches come up by chance once in a hundred runs at ten in a thousand."""
    _, plans, _ = run
    held = {name for name, line in verdicts.items() if line["outcome"] == "quarantined"}
    poisoned = {plan.name for plan in plans if plan.attack}
    (honest,) = (plan.name for plan in plans if plan.classes)
    assert held >= poisoned
    assert len(held - poisoned - {honest}) <= 1
    assert honest not in held or verdicts[honest]["alarms"] == "shift"


@pytest.mark.slow
def test_what_a_run_makes_can_be_committed_and_nothing_else_is_left(run):
    project, _, _ = run
    project.ok("git", "add", "-A")
    project.ok("git", "commit", "-q", "-m", "The sample")
    tracked = project.ok("git", "ls-files").splitlines()
    assert "dvc.lock" in tracked
    assert not [name for name in tracked if name.startswith(("data/.cache", "data/accepted", ".dvc/cache"))]
    assert project.ok("git", "status", "--porcelain") == ""


@pytest.mark.slow
def test_rows_of_pictures_are_shown_as_pictures(run):
    project, plans, _ = run
    held = next(plan.name for plan in plans if plan.attack)
    page = (project.root / f"data/reports/batches/{held}.html").read_text(encoding="utf-8")
    assert ("drawn from the rows' own numbers" in page) == (plans is DIGIT_BATCHES)


# where the folder lies


def outside_git(project):
    return "."


def within_git(project):
    project.ok("git", "init", "-q")
    return ".."


def within_git_and_dvc(project):
    project.ok("git", "init", "-q")
    project.ok("dvc", "init", "-q")
    return ".."


def ignored_by_git(project):
    project.ok("git", "init", "-q")
    project.path(".gitignore").write_text("sample/\n")
    return "."


def a_repository_already(project):
    project.path("sample/.git")
    project.ok("git", "init", "-q", "sample")
    (project.root / "sample/.dvc").mkdir()
    project.path("sample/.dvc/config").write_text("[core]\n    autostage = true\n")
    return "."


@pytest.mark.slow
@pytest.mark.parametrize("place", [outside_git, within_git, within_git_and_dvc, ignored_by_git, a_repository_already])
def test_the_folder_becomes_a_repository_as_far_as_it_is_in_none(project, place):
    top = project.root / "sample" / place(project)
    before = project.contents("sample/.dvc")
    inside = sample(project)
    assert Path(inside.ok("git", "rev-parse", "--show-toplevel").strip()) == top.resolve()
    assert inside.ok("dvc", "root").strip() == "."
    assert inside.contents("data/incoming").keys() == {"data/incoming/garden/iris.csv"}
    assert before.items() <= project.contents("sample/.dvc").items()
    inside.ok("dvc", "repro", "-q", "ingest")


@pytest.mark.slow
def test_it_tells_dvc_to_send_nothing(project):
    assert sample(project).ok("dvc", "config", "core.analytics").strip().lower() == "false"


@pytest.mark.slow
def test_git_need_not_know_who_works_here(project):
    inside = sample(project, *NOBODY)
    inside.ok(*NOBODY, "dvc", "repro", "-q", "ingest")


@pytest.mark.slow
def test_git_need_not_be_there(project):
    only = project._environment()["PATH"].partition(":")[0]
    inside = sample(project, "env", f"PATH={only}")
    assert not (inside.root / ".git").exists()
    inside.ok("env", f"PATH={only}", "dvc", "repro", "-q", "ingest")


# what is there already


@pytest.mark.slow
@pytest.mark.parametrize("of", ["spam", "iris"])
def test_a_second_time_nothing_changes(project, of):
    inside = sample(project, of=of)
    before = inside.contents(".")
    sample(project, of=of)
    assert inside.contents(".") == before


@pytest.mark.slow
def test_a_missing_file_is_written_again_and_what_lies_beside_them_stays(project):
    inside = sample(project)
    inside.path("notes.txt").write_text("mine")
    before = inside.contents(".")
    for name in ("params.yaml", "dvc.yaml", "data/holdout/iris.csv"):
        (inside.root / name).unlink()
    sample(project)
    assert inside.contents(".") == before


@pytest.mark.parametrize(
    "theirs",
    ["params.yaml", "dvc.yaml", "expectations/suite.json", "data/reference/mine.csv", "data/incoming/east/first.csv"],
)
@pytest.mark.parametrize("of", ["spam", "digits", "iris"])
def test_another_pipeline_is_refused_and_stays_as_it_is(project, theirs, of):
    project.path(theirs).write_text("seed: 1\n", encoding="utf-8")
    complaint = project.pratique("sample", "--of", of).complaint
    assert complaint == f"{theirs}: belongs to another pipeline; name an empty folder"
    assert project.contents(".") == {theirs: b"seed: 1\n"}


@pytest.mark.slow
def test_one_sample_does_not_replace_another(project):
    inside = sample(project)
    before = inside.contents(".")
    assert "belongs to another pipeline" in inside.pratique("sample").complaint
    assert inside.contents(".") == before
