"""Subpopulation flips against groups that are known."""

import numpy as np
from pratique.attacks.subpopulation_flip import SubpopulationFlip


def grouped(make, **more):
    """Four groups far from each other, of 20 rows each; two in either class."""
    rng = np.random.default_rng(0)
    centres = np.repeat([[0, 0], [0, 100], [100, 0], [100, 100]], 20, axis=0) + rng.normal(size=(80, 2))
    return make(length=centres[:, 0], petals=centres[:, 1].round().astype(int), kind=["a"] * 40 + ["b"] * 40, **more)


def test_subpopulation_flip_takes_one_whole_group(make, cells):
    clean, groups = grouped(make), set()
    for seed in range(20):
        result = SubpopulationFlip().poison(clean, 0.25, np.random.default_rng(seed))
        (group,) = set(result.rows // 20)
        assert len(result.rows) == 20
        assert {cells(result, "kind")[row] for row in result.rows} == {"b" if group < 2 else "a"}
        groups.add(int(group))
    assert groups == {0, 1, 2, 3}


def test_subpopulation_flip_takes_the_nearest_rows_first(make):
    clean = make(petals=[0, 1, 3, 7, 15, 31], kind=list("aaaaab"))
    for seed in range(10):
        result = SubpopulationFlip().poison(clean, 0.5, np.random.default_rng(seed))
        assert set(result.rows) in ({0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {5}), "around a row of a, or the row of b"


def test_subpopulation_flip_reads_levels_too(make):
    clean = make(length=[1.0] * 8, colour=["red", "blue"] * 4, kind=["a"] * 6 + ["b", "b"])
    result = SubpopulationFlip().poison(clean, 3 / 8, np.random.default_rng(1))
    assert len(set(clean.categorical[result.rows, 0])) == 1


def test_subpopulation_flip_gives_one_class_to_rows_of_any_other(make, cells):
    clean = make(length=[0.0, 0.1, 0.2, 9.0], kind=["a", "b", None, "c"])
    targets = set()
    for seed in range(30):
        result = SubpopulationFlip().poison(clean, 1, np.random.default_rng(seed))
        (target,) = {cells(result, "kind")[row] for row in result.rows}
        assert list(result.rows) == [row for row in (0, 1, 3) if clean.labels[row] != target]
        targets.add(target)
    assert targets == {"a", "b", "c"}


def test_subpopulation_flip_adds_the_group_under_another_label(make):
    clean = grouped(make)
    result = SubpopulationFlip(added=True).poison(clean, 0.25, np.random.default_rng(0))
    assert len(result.batch) == 100
    assert len(set(result.batch.labels[result.rows])) == 1
    assert np.ptp(result.batch.numeric[result.rows], axis=0).max() < 10


def test_subpopulation_flip_with_a_target_takes_a_group_of_the_others(make, cells):
    clean = grouped(make)
    for seed in range(10):
        result = SubpopulationFlip(target="a").poison(clean, 0.25, np.random.default_rng(seed))
        assert set(clean.labels[result.rows]) == {"b"}
        assert {cells(result, "kind")[row] for row in result.rows} == {"a"}
        assert len(set(result.rows // 20)) == 1
    one_class = make(petals=[1, 2, 3, 4], kind=["b"] * 4)
    assert len(SubpopulationFlip(target="a").poison(one_class, 0.5, np.random.default_rng(0)).rows) == 2
    assert len(SubpopulationFlip(target="b").poison(one_class, 0.5, np.random.default_rng(0)).rows) == 0
