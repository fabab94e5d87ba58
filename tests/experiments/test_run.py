"""An experiment's folder: what is read, what is refused in words, and what the tables hold."""

from importlib.util import find_spec

import numpy as np
import pytest
from pratique.core.errors import PratiqueError
from pratique.experiments import run
from pratique.experiments.experiment import Curves, Plane
from pratique.experiments.pair import Pair, read_pair


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An experiment's folder; `write` gives it params and rows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/rows").mkdir(parents=True)

    def write(rows="a,b,kind\n0,4,u\n8,2,v\n", params="label: kind\nexperiment: {one-point-map: }\n"):
        (tmp_path / "data/rows/rows.csv").write_text(rows)
        (tmp_path / "params.yaml").write_text(params)

    return write


def test_the_smallest_number_is_0_and_the_largest_1(folder):
    folder()
    pair = read_pair("kind")
    assert pair.points.tolist() == [[0.0, 0.5], [1.0, 0.25]]
    assert pair.targets.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ("label: kind\nexperiment: {}\n", "params.yaml: experiment: 0 are named, expected one"),
        ("label: kind\nexperiment: {magic: }\n", "no such experiment 'magic'; known: "),
        ("label: kind\nexperiment: {one-point-map: {gird: 3}}\n", "one-point-map: gird: unknown key"),
        ("label: kind\nexperiment: {one-point-map: }\nmore: 1\n", "params.yaml: more: unknown key"),
        ("label: paid\nexperiment: {one-point-map: }\n", "data/rows: no column 'paid'"),
        ("label: a\nexperiment: {one-point-map: }\n", "column 'kind': a cell is no finite number"),
        ("label: kind\nexperiment: {one-point-map: }\n", "data/rows: 2 rows; the sizes in params.yaml take 224"),
    ],
)
def test_what_is_wrong_is_said(folder, params, told):
    folder(params=params)
    with pytest.raises(PratiqueError) as refused:
        run.run_experiment()
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("a,kind\n1,u\n2,v\n3,w\n", "3 labels in column 'kind'; expected two"),
        ("a,kind\n1,u\n,v\n", "column 'a': a cell is no finite number"),
        ("kind,other\nu,\nv,\n", "a cell is no finite number"),
        ("kind\nu\nv\n", "no column beside 'kind'"),
    ],
)
def test_rows_that_no_experiment_can_take_are_refused(folder, rows, told):
    folder(rows)
    with pytest.raises(PratiqueError) as refused:
        read_pair("kind")
    assert told in str(refused.value)


def test_another_folder_is_told_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PratiqueError, match="pratique sample --of NAME"):
        run.run_experiment()


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is here")
def test_without_torch_it_is_said_how_to_get_it(folder):
    folder(params="label: kind\nexperiment: {layer-penalties: }\n")
    with pytest.raises(PratiqueError, match=r"layer-penalties needs torch: pip install 'pratique\[torch\]'"):
        run.run_experiment()


def test_a_table_has_means_and_their_standard_errors():
    lines = {"plain": np.array([[1.0, 2.0], [3.0, 2.0]]), "once": np.array([[5.0, 6.0]])}
    header, first, second = run.list_curves("poison", Curves(np.array([0.0, 10.0]), lines))
    assert header == ["poison", "plain", "plain_se", "once", "once_se"]
    assert first[:4] == [0.0, 2.0, 1.0, 5.0]
    assert second[:3] == [10.0, 2.0, 0.0]
    assert np.isnan(first[4])


def test_a_plane_is_told_place_by_place():
    plane = Plane(
        np.array([0.0, 1.0]), np.array([5.0, 6.0]), {"loss": np.array([[1, 2], [3, 4]])}, np.zeros((0, 2)), []
    )
    assert run.list_plane(plane) == [["x", "y", "loss"], [0, 5, 1], [1, 5, 2], [0, 6, 3], [1, 6, 4]]


def test_parts_share_no_row():
    parts = Pair(np.arange(10.0)[:, None], np.zeros(10, int)).cut((3, 4), np.random.default_rng(0))
    assert [len(part.targets) for part in parts] == [3, 4]
    assert len({row for part in parts for row in part.points[:, 0]}) == 7
