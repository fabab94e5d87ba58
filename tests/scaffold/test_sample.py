"""The sample data: written the same every time, and its truth is what its plan and its page say."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from pratique.core.params import DataParams
from pratique.scaffold.sample import HONEST_SHIFT, LAYOUT, PATCH, BatchPlan, plan, write_sample
from pratique.tables.reading import read_table, read_trusted
from pratique.tables.trusted import layout_of
from sklearn.datasets import load_digits

REPOSITORY = Path(__file__).parents[2]
WRITTEN = ("README.md", "truth.csv", "reference/*", "holdout/*", "incoming/*/*")

Row = tuple[str, ...]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sample")
    write_sample(root)
    return root / "data"


@pytest.fixture(scope="module")
def known() -> dict[Row, str]:
    """The true label of every picture there is."""
    pixels, labels = load_digits(return_X_y=True)
    return {tuple(map(str, row)): str(label) for row, label in zip(pixels.astype(int), labels, strict=True)}


@pytest.fixture(scope="module")
def truth(data: Path) -> dict[str, list[int]]:
    """The poisoned positions of each batch, by truth.csv."""
    found: dict[str, list[int]] = {planned.name: [] for planned in plan()}
    for line in csv.DictReader(io.StringIO((data / "truth.csv").read_text())):
        found[line["batch"]].append(int(line["row"]))
    return found


def contents(data: Path) -> dict[str, bytes]:
    files = [path for pattern in WRITTEN for path in data.glob(pattern)]
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in files}


def rows(path: Path) -> list[Row]:
    """The rows of a file: 64 pixels and the label."""
    table = read_table(path)
    assert table.column_names == [*LAYOUT.kinds, LAYOUT.label]
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def batch(data: Path, planned: BatchPlan) -> list[Row]:
    return rows(data / "incoming" / f"{planned.name}.csv")


def clean_rows(data: Path, planned: BatchPlan, truth: dict[str, list[int]]) -> list[Row]:
    return [row for i, row in enumerate(batch(data, planned)) if i not in truth[planned.name]]


def poisoned_rows(data: Path, planned: BatchPlan, truth: dict[str, list[int]]) -> list[Row]:
    return [batch(data, planned)[i] for i in truth[planned.name]]


def test_written_twice_gives_the_same_bytes(data: Path, tmp_path: Path) -> None:
    write_sample(tmp_path)
    assert contents(tmp_path / "data") == contents(data)


def test_the_repository_holds_these_bytes(data: Path) -> None:
    assert contents(REPOSITORY / "data") == contents(data)


def test_plan_names_25_batches_of_three_sources(data: Path) -> None:
    assert len({planned.name for planned in plan()}) == len(plan()) == 25
    assert {planned.source for planned in plan()} == {"scanner", "crowd", "feedback"}
    written = {f"{path.parent.name}/{path.stem}" for path in (data / "incoming").glob("*/*.csv")}
    assert written == {planned.name for planned in plan()}
    assert all(36 <= len(batch(data, planned)) <= 40 for planned in plan())


def test_plan_holds_every_kind_of_poison() -> None:
    poisons = [(planned.attack, planned.rate) for planned in plan() if planned.poisoned]
    assert sorted(poisons) == [
        ("backdoor_trigger", 0.2),
        ("backdoor_trigger", 0.5),
        ("gaussian_noise", 0.2),
        ("gaussian_noise", 0.5),
        ("label_flip", 0.05),
        ("label_flip", 0.2),
        ("label_flip", 0.3),
        ("label_flip", 0.4),
        ("label_flip", 0.5),
        ("label_flip", 0.5),
        ("outlier_insertion", 0.2),
    ]
    assert [planned.attack for planned in plan() if not planned.poisoned].count(HONEST_SHIFT) == 1


def test_the_layout_is_the_one_that_the_reference_teaches(data: Path) -> None:
    reference = read_trusted(data / "reference")
    assert layout_of(reference, DataParams(label="digit")).kinds == LAYOUT.kinds


def test_trusted_rows_are_stratified_and_true(data: Path, known: dict[Row, str]) -> None:
    shares = np.bincount([int(label) for label in known.values()]) / len(known)
    for name, size in (("reference", 500), ("holdout", 300)):
        trusted = rows(data / name / "digits.csv")
        assert len(trusted) == size
        assert all(known[row[:-1]] == row[-1] for row in trusted)
        assert (abs(np.bincount([int(row[-1]) for row in trusted]) - shares * size) <= 1).all()


def test_no_picture_is_used_twice(data: Path, truth: dict[str, list[int]]) -> None:
    used = [row[:-1] for name in ("reference", "holdout") for row in rows(data / name / "digits.csv")]
    for planned in plan():
        pictures = batch(data, planned) if planned.attack == "label_flip" else clean_rows(data, planned, truth)
        used += [row[:-1] for row in pictures]
    assert len(set(used)) == len(used)


def test_clean_rows_are_real_digits_with_true_labels(
    data: Path, known: dict[Row, str], truth: dict[str, list[int]]
) -> None:
    for planned in plan():
        for row in clean_rows(data, planned, truth):
            assert known[row[:-1]] == row[-1], planned.name


def test_poisoned_rows_are_not_what_they_were(data: Path, known: dict[Row, str], truth: dict[str, list[int]]) -> None:
    for planned in plan():
        for row in poisoned_rows(data, planned, truth):
            assert known.get(row[:-1]) != row[-1], planned.name


def test_every_budget_is_spent(truth: dict[str, list[int]]) -> None:
    for planned in plan():
        expected = int(planned.rate * planned.rows + 0.5) if planned.poisoned else 0
        assert len(truth[planned.name]) == expected, planned.name


def test_each_poison_is_what_it_claims(data: Path, known: dict[Row, str], truth: dict[str, list[int]]) -> None:
    patch = [list(LAYOUT.kinds).index(name) for name in PATCH]
    for planned in plan():
        for row in poisoned_rows(data, planned, truth):
            pixels = [int(cell) for cell in row[:-1]]
            if planned.attack == "label_flip":
                assert row[:-1] in known
            elif planned.attack == "backdoor_trigger":
                assert row[-1] == "0"
                assert [pixels[i] for i in patch] == [16] * 4
            elif planned.attack == "gaussian_noise":
                assert 0 <= min(pixels) <= max(pixels) <= 16
            else:
                assert min(pixels) < 0
                assert max(pixels) > 16


def test_no_clean_digit_carries_the_trigger(known: dict[Row, str]) -> None:
    patch = [list(LAYOUT.kinds).index(name) for name in PATCH]
    assert not any(all(int(row[i]) >= 12 for i in patch) for row in known)


def test_the_honest_batch_has_other_shares_and_true_labels(data: Path, known: dict[Row, str]) -> None:
    (honest,) = [planned for planned in plan() if planned.attack == HONEST_SHIFT]
    found = batch(data, honest)
    assert {row[-1] for row in found} == {"0", "1", "2", "3", "4"}
    assert all(known[row[:-1]] == row[-1] for row in found)


def test_the_page_lists_every_batch_with_its_truth(data: Path, truth: dict[str, list[int]]) -> None:
    lines = (data / "README.md").read_text(encoding="utf-8").splitlines()
    for planned in plan():
        (line,) = [line for line in lines if line.startswith(f"| {planned.name} |")]
        _, _, size, done, count, positions, _ = (cell.strip() for cell in line.split("|"))
        assert int(size) == len(batch(data, planned))
        assert (planned.attack or "clean") in done
        assert int(count) == len(truth[planned.name])
        assert positions == (", ".join(map(str, truth[planned.name])) or "none")


def test_the_files_are_plain_and_small(data: Path) -> None:
    files = contents(data)
    assert sum(map(len, files.values())) < 700_000
    assert not any(b"\r" in text or b'"' in text for name, text in files.items() if name.endswith(".csv"))
    assert all(text.endswith(b"\n") for text in files.values())
