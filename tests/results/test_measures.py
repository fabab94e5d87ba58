"""Metrics that somebody damaged are named, with what to run."""

import json

import pytest
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.pages.drilled import read_drilled
from pratique.results.comparison import read_comparison
from pratique.results.measures import parse_measures

FIGURE = {"accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6}
WHOLE = dict.fromkeys(("accepted", "everything", "reference", "gate", "new_data"), FIGURE)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths.DRILL.mkdir(parents=True)


def test_there_is_no_comparison_before_evaluate_has_run():
    assert read_comparison() is None


@pytest.mark.parametrize(
    "metrics",
    [
        [],
        {},
        {"accepted": 0.5},
        WHOLE | {"reference": FIGURE | {"accuracy": "0.5"}},
        WHOLE | {"gate": {"accuracy": 0.5}},
        {name: WHOLE[name] for name in ("accepted", "everything", "reference")},
    ],
)
def test_metrics_of_another_form_say_what_to_run(metrics, list_written):
    paths.METRICS_JSON.write_text(json.dumps(metrics), encoding="utf-8")
    list_written()
    with pytest.raises(PratiqueError, match=r"metrics\.json: not as the pipeline wrote it; run `dvc repro` again"):
        read_comparison()


@pytest.mark.parametrize("metrics", [[], {"a-5": 1}, {"a-5": {"rows_caught": None}}])
def test_a_damaged_drill_says_what_to_run(metrics):
    assert read_drilled() is None
    paths.DRILL_METRICS.write_text(json.dumps(metrics), encoding="utf-8")
    with pytest.raises(PratiqueError, match=r"metrics\.json: .*run `dvc repro` again"):
        read_drilled()


@pytest.mark.parametrize("name", ["a-much", "5", "a-nan", "-5", "a-5-"])
def test_a_name_without_attack_or_rate_is_no_drill(name):
    paths.DRILL_METRICS.write_text(json.dumps({name: {"rows_caught": 1}}), encoding="utf-8")
    with pytest.raises(PratiqueError, match=r"metrics\.json: .*run `dvc repro` again"):
        read_drilled()


@pytest.mark.parametrize("text", ["{", '{"a": {"b": 1e999}}', '{"a": {}, "a": {}}', b"\xff"])
def test_what_is_no_json_of_finite_numbers_says_what_to_run(text):
    with pytest.raises(PratiqueError, match="over there: not as the pipeline wrote it; run `dvc repro` again"):
        parse_measures(text, "over there")


def test_metrics_that_are_gone_or_another_are_named(list_written):
    paths.METRICS_JSON.write_text(json.dumps(WHOLE), encoding="utf-8")
    list_written()
    assert read_comparison() is not None
    paths.METRICS_JSON.write_text(json.dumps(WHOLE | {"reference": FIGURE | {"accuracy": 0.6}}), encoding="utf-8")
    with pytest.raises(PratiqueError, match=r"metrics\.json: not as it was written .*; run `pratique evaluate`"):
        read_comparison()
    paths.METRICS_JSON.unlink()
    with pytest.raises(PratiqueError, match=r"metrics\.json: not here; run `pratique evaluate`"):
        read_comparison()
