"""The experiment that this project began with, as a configuration: its published rows come out exactly."""

import csv
import json

import numpy as np
import pytest

pytestmark = pytest.mark.slow

EXPECTED = {
    "0.0": ("0.9000", "0.8997"),
    "0.05": ("0.9333", "0.9333"),
    "0.1": ("0.9667", "0.9666"),
    "0.5": ("0.9333", "0.9327"),
}
POISONED = {"0": 0, "5": 6, "10": 12, "50": 60}


@pytest.fixture(scope="module")
def iris(new_project):
    project = new_project()
    project.ok("pratique", "sample", "--of", "iris")
    project.ok("dvc", "repro")
    return project


@pytest.fixture(scope="module")
def artifacts(iris):
    return iris.root / "data/reports/drill/artifacts"


def test_accuracy_and_macro_f1_are_those_of_the_experiment(artifacts):
    with (artifacts / "scores.csv").open(encoding="utf-8", newline="") as stream:
        got = {line["rate"]: (f"{float(line['accuracy']):.4f}", f"{float(line['f1_macro']):.4f}") for line in
               csv.DictReader(stream)}  # fmt: skip
    assert got == EXPECTED


def test_the_confusion_matrix_without_noise(artifacts):
    text = (artifacts / "row_noise-0.csv").read_text(encoding="utf-8")
    assert text == "actual,setosa,versicolor,virginica\nsetosa,10,0,0\nversicolor,0,9,1\nvirginica,0,2,8\n"
    assert (artifacts / "row_noise-0.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("rate", "count"), POISONED.items())
def test_the_details_list_exactly_the_poisoned_rows_and_what_became_of_the_features(iris, artifacts, rate, count):
    detail = json.loads((artifacts / f"row_noise-{rate}.json").read_text(encoding="utf-8"))
    draws = np.random.RandomState(42)
    rows = draws.choice(120, count, replace=False)
    assert detail["rows"] == detail["reference_rows"] == sorted(rows)
    flowers = np.loadtxt(
        iris.root / "data/reference/iris.csv", delimiter=",", skiprows=1, usecols=range(4), encoding="utf-8"
    )
    noisy = flowers.copy()
    noisy[rows] += draws.normal(0, 1, (count, 4))
    for column, name in enumerate(("sepal_length", "sepal_width", "petal_length", "petal_width")):
        for key, values in (("before", flowers[:, column]), ("after", noisy[:, column])):
            expected = {"mean": values.mean(), "std": values.std(), "min": values.min(), "max": values.max()}
            assert detail["features"][name][key] == pytest.approx(expected, rel=1e-5)


def test_every_artifact_is_in_one_flat_folder(artifacts):
    names = {path.name for path in artifacts.iterdir()}
    assert names >= {f"row_noise-{rate}.{kind}" for rate in POISONED for kind in ("csv", "json", "png")}
    assert all(path.is_file() for path in artifacts.iterdir())
