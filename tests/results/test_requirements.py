import pytest
from pratique.core import paths
from pratique.core.params import DataParams, Params
from pratique.core.requirement import Requirement
from pratique.core.writing import write_json
from pratique.results.measures import flatten_estimates
from pratique.results.requirements import JudgedRequirement, judge_requirements, judge_run
from pratique.statistics.resampling import Estimate

NARROW = Estimate(0.85, 0.82, 0.88)


@pytest.mark.parametrize(
    ("bounds", "state"),
    [
        ({"min": 0.8}, "met"),
        ({"min": 0.82}, "met"),
        ({"min": 0.85}, "undecidable"),
        ({"min": 0.9}, "broken"),
        ({"max": 0.9}, "met"),
        ({"max": 0.85}, "undecidable"),
        ({"max": 0.8}, "broken"),
        ({"min": 0.8, "max": 0.9}, "met"),
        ({"min": 0.9, "max": 1}, "broken"),
        ({"min": 0.8, "max": 0.85}, "undecidable"),
    ],
)
def test_the_whole_interval_decides(bounds, state):
    assert JudgedRequirement("accuracy", Requirement(**bounds), NARROW).state == state


def test_what_nothing_measures_is_undecidable():
    assert JudgedRequirement("accuracy", Requirement(min=0), None).state == "undecidable"


def test_a_name_stands_for_what_is_told_apart_and_the_broken_ones_come_first():
    figures = {
        "flips": Estimate(0.1, 0.1, 0.1),
        "flips[ham]": Estimate(0, 0, 0),
        "flips[spam]": Estimate(0.3, 0.2, 0.4),
    }
    judged = judge_requirements(
        {"auc": Requirement(min=0.5), "flips": Requirement(max=0.15), "flips[ham]": Requirement(max=0)}, figures
    )
    assert [(each.figure, each.state) for each in judged] == [
        ("flips[spam]", "broken"),
        ("auc", "undecidable"),
        ("flips", "met"),
        ("flips[ham]", "met"),
        ("flips[ham]", "met"),
    ]


def test_figures_are_those_of_the_shipped_model_and_of_audits_that_are_named(tmp_path, monkeypatch, list_written):
    monkeypatch.chdir(tmp_path)
    write_json(paths.METRICS_JSON, {"accepted": flatten_estimates({"accuracy": NARROW}), "rows": {"accepted": 3}})
    list_written()
    high = Estimate(0.9, 0.9, 0.9)
    write_json(paths.AUDIT_JSON, {"churn": flatten_estimates({"churn": high}), "old": flatten_estimates({"x": high})})
    required = {"accuracy": {"min": 0.8}, "churn": {"max": 0.1}, "x": {"max": 1}}
    params = Params(data=DataParams(label="y"), checks={}, audits={"churn": {}}, requirements=required)
    states = {each.figure: each.state for each in judge_run(params)}
    assert states == {"churn": "broken", "x": "undecidable", "accuracy": "met"}


def test_nothing_has_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = Params(data=DataParams(label="y"), checks={}, requirements={"accuracy": {"min": 0.8}})
    assert [each.state for each in judge_run(params)] == ["undecidable"]


@pytest.mark.parametrize(
    ("bounds", "message"), [({}, "takes min, max or both"), ({"min": 2, "max": 1}, "min is above max")]
)
def test_a_requirement_bounds_something(bounds, message):
    with pytest.raises(ValueError, match=message):
        Requirement(**bounds)
