"""Laws that every experiment keeps, run as small as it goes."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from pratique.core.documents import parse_yaml
from pratique.core.sections import parse
from pratique.experiments import run
from pratique.experiments.discovery import configure_experiment, experiment_names, load_experiment
from pratique.experiments.pair import Pair
from pratique.experiments.places import EXPERIMENT_ROWS, FINDINGS, NUMBERS
from pratique.scaffold.experiments import experiment_files

FOUND = Path(__file__).parents[2] / "docs/experiments/poisoned-training.md"
SMALL = {
    "repetitions": 2, "train_rows": 20, "validation_rows": 10, "test_rows": 20, "epochs": 4, "waves": 2, "share": 0.1,
    "steps": 2, "grid": 3, "sizes": [4, 8],
}  # fmt: skip


def configure(name):
    known = load_experiment(name).model_fields
    return configure_experiment({name: {key: value for key, value in SMALL.items() if key in known}})


@pytest.fixture(
    params=[
        pytest.param(name, marks=[pytest.mark.torch] if load_experiment(name).needs_torch else [])
        for name in experiment_names()
    ]
)
def name(request):
    if load_experiment(request.param).needs_torch:
        pytest.importorskip("torch")
    return request.param


@pytest.fixture(scope="module")
def pair():
    rng = np.random.default_rng(0)
    targets = np.arange(80) % 2
    return Pair(np.clip(rng.normal(0.3 + 0.4 * targets[:, None], 0.2, (80, 6)), 0, 1), targets)


def test_it_gives_what_it_announces_and_the_same_again(name, pair):
    experiment = configure(name)
    found, again = experiment.run(pair, 3), experiment.run(pair, 3)
    assert found.curves.keys() == experiment.plots.keys()
    assert found.planes.keys() == experiment.planes.keys()
    for key, curves in found.curves.items():
        assert tuple(curves.lines) == experiment.plots[key].lines
        for line, values in curves.lines.items():
            assert values.shape == (2, len(curves.x))
            np.testing.assert_array_equal(values, again.curves[key].lines[line])
    for key, plane in found.planes.items():
        assert tuple(plane.layers) == experiment.planes[key]
        np.testing.assert_array_equal(list(plane.layers.values()), list(again.planes[key].layers.values()))
    assert found.numbers == again.numbers


def test_its_folder_asks_for_it_with_every_field_and_says_what_each_means(name):
    files = {str(place): text for place, text in experiment_files(name).items()}
    params = parse(run.ExperimentParams, parse_yaml(files["params.yaml"], "params.yaml"), "params.yaml")
    experiment = configure_experiment(params.experiment)
    assert experiment == load_experiment(name)()
    assert params.experiment[name].keys() == load_experiment(name).model_fields.keys()
    assert all(field.description for field in load_experiment(name).model_fields.values())
    configure_experiment({name: dict(experiment.thorough)})
    assert name in files["data/README.md"]
    (rows,) = (text for place, text in files.items() if place.startswith(f"{EXPERIMENT_ROWS}/"))
    assert params.label in next(csv.reader(rows.splitlines()))


def test_the_documents_say_what_it_asks_and_what_was_found(name):
    assert f"| `{name}` |" in FOUND.read_text(encoding="utf-8")


def test_what_is_written_is_what_dvc_shows(name, pair, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FINDINGS).mkdir(parents=True)
    (tmp_path / FINDINGS / "left-over.csv").write_text("x\n")
    experiment = configure(name)
    run.write_findings(experiment, experiment.run(pair, 0))
    plots = parse_yaml({str(place): text for place, text in experiment_files(name).items()}["dvc.yaml"], "dvc.yaml")[
        "plots"
    ]
    shown = {
        place: curve for plot in plots for place, curve in (plot.items() if isinstance(plot, dict) else [(plot, None)])
    }
    written = {str(path.relative_to(tmp_path)) for path in (tmp_path / FINDINGS).iterdir()}
    assert shown.keys() <= written
    assert f"{FINDINGS}/left-over.csv" not in written
    for place, curve in shown.items():
        if curve is not None:
            header = next(csv.reader((tmp_path / place).read_text().splitlines()))
            assert {curve["x"], *curve["y"]} <= set(header)
        else:
            assert (tmp_path / place).read_bytes().startswith(b"\x89PNG")
    for numbers in json.loads((tmp_path / NUMBERS).read_text()).values():
        assert all(isinstance(value, float) for value in numbers.values())
