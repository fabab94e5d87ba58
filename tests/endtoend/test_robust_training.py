"""A method of training and certificates, from params.yaml to the page."""

import json

import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow


def configure(project, method, certificates="batch"):
    path = project.path("params.yaml")
    text = path.read_text(encoding="utf-8").replace("trees: 100", f"method: {method}")
    text = text.replace("retrainings: 3  ", f"certificates: {certificates}\n  partitions: 3\n  retrainings: 1  ", 1)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def trained(cleared, tmp_path_factory):
    project = cleared.copy(tmp_path_factory.mktemp("trained") / "project")
    configure(project, "{trimmed_loss: {rounds: 5}}")
    project.stages("train", "evaluate", "drill", "report")
    return project


def test_a_method_is_named_and_what_it_left_out_is_told(trained):
    metrics = json.loads((trained.root / "data/reports/metrics.json").read_text(encoding="utf-8"))
    weights = pq.read_table(trained.root / "data/model/weights.parquet").to_pandas()
    assert sorted(set(weights["batch"])) == ["east/first", "west/second"]
    assert metrics["weights"] == {"rows": 60, "rows_of_little_weight": int((weights["weight"] < 0.5).sum())}
    assert metrics["accepted"]["accuracy"] > 0.85
    manifest = json.loads((trained.root / "data/model/manifest.json").read_text(encoding="utf-8"))
    assert manifest["model"] == "logistic_regression, trimmed_loss"
    page = (trained.root / "data/reports/index.html").read_text(encoding="utf-8")
    assert "All three models were trained by trimmed_loss;" in page


def test_the_drill_compares_the_method_with_a_plain_training(trained):
    metrics = json.loads((trained.root / "data/reports/drill/metrics.json").read_text(encoding="utf-8"))
    for measures in metrics.values():
        assert {"accuracy_plain_clean", "method_gain_without", "method_gain_with"} <= measures.keys()
        gated = measures["accuracy_plain_with"] + measures["method_gain_with"]
        assert gated == pytest.approx(measures["accuracy_with"], abs=1e-5)
    page = (trained.root / "data/reports/index.html").read_text(encoding="utf-8")
    assert "What the method of training adds" in page


def test_what_is_certified_stands_in_metrics_on_the_page_and_by_row(trained):
    certified = json.loads((trained.root / "data/reports/metrics.json").read_text(encoding="utf-8"))[
        "certified_batches"
    ]
    assert certified["partitions"] == 3
    assert certified["certified_0"] >= certified["certified_1"] > 0.5
    lines = (trained.root / "data/reports/confusion/certified.csv").read_text(encoding="utf-8").splitlines()
    assert (lines[0], len(lines)) == ("actual,predicted,radius", 61)
    assert "Whatever any 1 batch holds" in (trained.root / "data/reports/index.html").read_text(encoding="utf-8")


def test_a_plain_training_leaves_no_weights_and_the_bytes_of_before(cleared, trained, tmp_path):
    project = trained.copy(tmp_path / "project")
    text = (cleared.root / "params.yaml").read_text(encoding="utf-8")
    project.path("params.yaml").write_text(text, encoding="utf-8")
    project.stages("train", "evaluate")
    made = ("data/model", "data/reports/metrics.json")
    assert project.contents(*made) == cleared.contents(*made)
    project.path("params.yaml").write_text(text.replace("trees: 100", "method: plain"), encoding="utf-8")
    project.stages("train")
    assert project.contents("data/model/model.skops") == cleared.contents("data/model/model.skops")


def test_a_pair_that_does_not_go_together_is_refused(cleared, tmp_path):
    project = cleared.copy(tmp_path / "project")
    configure(project, "sever")
    text = (project.root / "params.yaml").read_text(encoding="utf-8")
    project.path("params.yaml").write_text(text.replace("logistic_regression", "random_forest", 1), encoding="utf-8")
    done = project.pratique("train")
    assert done.code == 2
    assert "train.method: sever does not go with model: random_forest; it goes with logistic_regression" in done.err
