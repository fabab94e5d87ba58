"""Runs tracked on a real MLflow server on loopback, and read back from it; the pipeline without it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from pratique.core.batch import Batch
from pratique.core.hashing import sha256_file, sha256_folder
from pratique.core.version import __version__
from pratique.training.models import Model

pytestmark = pytest.mark.slow

needs_mlflow = pytest.mark.skipif(find_spec("mlflow") is None, reason="the extra 'mlflow' is not installed")
EXPERIMENTS = ("pratique/drill", "pratique/evaluate")
RATES = ("0", "5", "10", "50")
READ_BACK = """
import json, pathlib, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
runs = []
for name in sys.argv[2:]:
    for run in client.search_runs([client.get_experiment_by_name(name).experiment_id]):
        place = pathlib.Path(client.download_artifacts(run.info.run_id, ""))
        (data,) = run.inputs.dataset_inputs
        runs.append({
            "id": run.info.run_id, "experiment": name,
            "name": run.info.run_name, "status": run.info.status, "params": run.data.params,
            "metrics": run.data.metrics, "tags": run.data.tags, "digest": data.dataset.digest, "place": str(place),
            "files": sorted(p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file()),
        })
print(json.dumps(runs))
"""
LOAD_MODEL = """
import sys
import mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
print("\\n".join(mlflow.pyfunc.load_model(sys.argv[2]).predict(pandas.read_csv(sys.argv[3]))))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A tracking server of our own, and where it is."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += ["--backend-store-uri", "sqlite:///runs.db", "--artifacts-destination", str(folder / "artifacts")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW")}
    environment |= {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(words, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            yield wait_for(f"http://127.0.0.1:{port}", process, folder / "log")
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # it has children
            process.wait(60)


def wait_for(place, process, log):
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{place}/health", timeout=5):
                return place
        except OSError:
            time.sleep(0.5)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def iris(new_project, server):
    """The experiment with Iris, evaluated once and drilled twice, with runs tracked."""
    project = new_project()
    with pytest.MonkeyPatch.context() as patch:
        assert project.pratique("sample", "--of", "iris").code == 0
        project.stages("calibrate", "ingest", "validate", "train")
        patch.setenv("MLFLOW_TRACKING_URI", server)
        for stage in ("evaluate", "drill", "drill"):
            project.ok("pratique", stage)
    return project


@pytest.fixture(scope="module")
def runs(iris, server):
    found = json.loads(iris.ok(sys.executable, "-W", "ignore", "-c", READ_BACK, server, *EXPERIMENTS))
    return {(run["experiment"], run["name"]): run for run in found}


@needs_mlflow
def test_each_level_is_one_run_and_the_evaluation_another(runs):
    assert sorted(runs) == sorted(
        [*(("pratique/drill", f"row_noise-{rate}") for rate in RATES), ("pratique/evaluate", "accepted")]
    )
    assert {run["status"] for run in runs.values()} == {"FINISHED"}


@needs_mlflow
def test_metrics_and_params_are_those_of_the_files(iris, runs):
    lines = (iris.root / "data/reports/drill/artifacts/scores.csv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        _, rate, accuracy, *_, f1 = line.split(",")
        run = runs["pratique/drill", f"row_noise-{100 * float(rate):g}"]
        assert (run["metrics"]["accuracy"], run["metrics"]["f1_macro"]) == (
            pytest.approx(float(accuracy), abs=1e-6),
            pytest.approx(float(f1), abs=1e-6),
        )
        assert (run["params"]["attack"], run["params"]["fields.std"]) == ("row_noise", "1.0")
        assert (float(run["params"]["rate"]), run["params"]["train.trees"]) == (float(rate), "200")
    metrics = json.loads((iris.root / "data/reports/metrics.json").read_text(encoding="utf-8"))
    evaluated = runs["pratique/evaluate", "accepted"]
    assert evaluated["metrics"]["accepted.accuracy"] == metrics["accepted"]["accuracy"]
    assert evaluated["params"]["train.model"] == "random_forest"


@needs_mlflow
def test_model_and_data_are_named_by_their_whole_digests(iris, runs):
    data = sha256_folder(iris.root / "data/accepted")
    for run in runs.values():
        assert run["tags"]["pratique.data.sha256"] == data
        assert data.startswith(run["digest"])
    model = sha256_file(iris.root / "data/model/model.skops")
    assert runs["pratique/evaluate", "accepted"]["tags"]["pratique.model.sha256"] == model
    clean = runs["pratique/drill", "row_noise-0"]
    assert clean["tags"]["pratique.model.sha256"] == model, "no noise, the same rows, the same seed"
    assert len({run["tags"]["pratique.model.sha256"] for run in runs.values()}) == 4


@needs_mlflow
def test_artifacts_come_back_as_they_were_written(iris, runs):
    folder = iris.root / "data/reports/drill/artifacts"
    for rate in RATES:
        run, names = (
            runs["pratique/drill", f"row_noise-{rate}"],
            [f"row_noise-{rate}.{k}" for k in ("csv", "json", "png")],
        )
        environment = [f"model/{name}" for name in ("conda.yaml", "python_env.yaml", "requirements.txt")]
        model = f"model/data/row_noise-{rate}.skops"
        assert run["files"] == sorted(["model/MLmodel", model, *environment, *names])
        assert sha256_file(Path(run["place"]) / model) == run["tags"]["pratique.model.sha256"]
        assert [sha256_file(folder / name) for name in names] == [
            sha256_file(Path(run["place"]) / name) for name in names
        ]


@needs_mlflow
@pytest.mark.parametrize("name", [("pratique/drill", "row_noise-50"), ("pratique/evaluate", "accepted")])
def test_the_loader_of_mlflow_reads_the_model_and_it_predicts_as_ours_does(iris, runs, server, name):
    run = runs[name]
    holdout = iris.root / "data/holdout/iris.csv"
    words = [sys.executable, "-W", "ignore", "-c", LOAD_MODEL, server, f"runs:/{run['id']}/model", str(holdout)]
    predicted = iris.ok(*words).split()
    model = Model.load(next((Path(run["place"]) / "model/data").iterdir()))
    batch = Batch.from_frame("holdout", pd.read_csv(holdout), model.layout)
    assert predicted == model.predict(batch).tolist()
    requirements = (Path(run["place"]) / "model/requirements.txt").read_text(encoding="utf-8")
    assert f"pratique=={__version__}" in requirements


@needs_mlflow
def test_without_a_server_named_runs_go_to_a_file(iris, tmp_path, monkeypatch):
    project = iris.copy(tmp_path / "project")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    project.ok("pratique", "evaluate")
    assert (project.root / "mlflow.db").is_file()


@needs_mlflow
def test_a_server_that_is_not_there_is_said_plainly(iris, tmp_path, monkeypatch):
    project = iris.copy(tmp_path / "project")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    done = project.run("pratique", "evaluate")
    assert done.code == 2
    assert "MLFLOW_TRACKING_URI: http://127.0.0.1:1: " in done.err


def test_without_the_extra_nothing_is_tracked(monkeypatch):
    from pratique.results import tracking

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    assert not tracking.is_tracking()
    monkeypatch.setattr(tracking, "find_spec", lambda name: name)
    assert tracking.is_tracking()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert not tracking.is_tracking()
