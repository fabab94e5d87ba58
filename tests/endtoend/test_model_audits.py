"""Audits and requirements in real git and DVC: the stage ends well, what is required decides."""

import json

import pytest
from pratique.core.writing import write_json

pytestmark = pytest.mark.slow

NOTHING = "requirements: {}"
REQUIRED = "requirements: {accuracy: {max: 0.5}, churn: {max: 0.9}}"


@pytest.fixture(scope="module")
def audited(cleared, tmp_path_factory):
    """A small project whose model was audited, and does not reach what is required. Copy it to change it."""
    project = cleared.copy(tmp_path_factory.mktemp("audited") / "project")
    edit(project, NOTHING, REQUIRED)
    assert project.pratique("baseline").code == 0
    project.stages("audit")
    return project


def edit(project, old, new):
    text = project.path("params.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    project.path("params.yaml").write_text(text.replace(old, new), encoding="utf-8")


def figures(project):
    return json.loads(project.path("data/reports/audit.json").read_text(encoding="utf-8"))


def test_the_stage_ends_well_and_the_command_says_no(audited):
    done = audited.pratique("requirements")
    assert done.code == 1
    assert done.out.startswith("broken: accuracy is ")
    assert "required: at most 0.5" in done.out
    assert "2 requirements: 1 broken, 1 met" in done.out
    page = audited.path("data/reports/audit.html").read_text(encoding="utf-8")
    assert "<strong>broken</strong>" in page
    assert "pratique review reject BATCH" in page


def test_figures_are_metrics_of_two_levels(audited):
    found = figures(audited)
    assert {"churn", "stability"} <= set(found)
    assert found["churn"]["churn"] == 0 <= found["churn"]["churn_high"]
    assert {"flips", "flips_low", "flips_high", "flips[low]"} <= set(found["stability"])


def test_a_requirement_that_nothing_measures_exits_2(audited, tmp_path):
    project = audited.copy(tmp_path / "project")
    edit(project, REQUIRED, "requirements: {decay: {min: 0}}")
    done = project.pratique("requirements")
    assert (done.code, done.out.splitlines()[0]) == (2, "undecidable: decay is not measured, required: at least 0")


def test_all_requirements_are_met(audited, tmp_path):
    project = audited.copy(tmp_path / "project")
    edit(project, "{max: 0.5}", "{min: 0.5}")
    assert project.pratique("requirements").code == 0


def test_the_baseline_is_the_model_and_goes_where_it_serves(audited, tmp_path):
    kept, model = (audited.path(f"data/{name}/model.skops").read_bytes() for name in ("baseline", "model"))
    assert kept == model
    assert audited.pratique("baseline", "--to", str(tmp_path / "served")).code == 0
    assert (tmp_path / "served/model.skops").read_bytes() == kept


def test_a_baseline_that_is_no_model_is_refused(audited, tmp_path):
    project = audited.copy(tmp_path / "project")
    project.path("data/baseline/model.skops").write_bytes(b"anything")
    assert "data/baseline/model.skops: not a readable archive" in project.pratique("audit").complaint


def test_an_audit_of_a_new_model_shows_in_metrics_diff(audited, tmp_path):
    project = audited.copy(tmp_path / "project")
    project.ok("git", "init", "-q", "-b", "main")
    project.ok("dvc", "init", "-q")
    project.commit()
    edit(project, "model: logistic_regression", "model: random_forest")
    edit(project, "trees: 100", "trees: 1")
    project.stages("train", "evaluate", "audit")
    shown = json.loads(project.ok("dvc", "metrics", "diff", "--json"))
    assert shown["data/reports/audit.json"]["churn.churn"]["new"] == figures(project)["churn"]["churn"] > 0


@pytest.mark.parametrize("told", ["as it is", "left out"])
def test_the_gate_asks_where_the_base_says_so(change, told):
    change.policy("params.yaml", NOTHING, "requirements: {accuracy: {max: 0.5}}\ngate: {requirements: true}")
    change.ok("git", "switch", "-q", "-C", "change", "main")
    assert change.gate().code == 0  # a change that brings no model is not asked about one
    metrics = change.path("data/reports/metrics.json")
    said = json.loads(metrics.read_text(encoding="utf-8"))
    said["accepted"] = {} if told == "left out" else said["accepted"] | {"auc": 1}
    write_json(metrics, said)
    change.commit()
    reason = change.refused()["data/reports/audit.json"]
    assert reason.startswith("broken: accuracy is" if told == "as it is" else "undecidable: accuracy is not measured")
