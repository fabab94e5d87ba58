"""The way in from Python: three calls, whatever kind of table a team has."""

import doctest
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pratique
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

REPOSITORY = Path(__file__).parents[2]
CHECKS = ["losses", "labels", "shift"]


def rows(count, seed, flipped=0.0):
    rng = np.random.default_rng(seed)
    fraud = rng.integers(0, 2, count)
    frame = pd.DataFrame(
        {
            "amount": rng.normal(3.0 * fraud, 1.0),
            "hour": rng.normal(12 - 4.0 * fraud, 2.0),
            "country": np.where(rng.random(count) < 0.2 + 0.6 * fraud, "x", "y"),
            "fraud": np.where(np.arange(count) < flipped * count, 1 - fraud, fraud),
        }
    )
    return frame.set_index(pd.Index([f"row {i}" for i in range(count)]))


@pytest.fixture(scope="module")
def detector():
    return pratique.calibrate(rows(300, 1), label="fraud", checks=CHECKS)


KINDS = {
    "pandas": lambda frame: frame,
    "polars": lambda frame: pl.from_pandas(frame.reset_index(drop=True)),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_come_back_in_the_kind_of_table_that_came_in(detector, kind):
    given = KINDS[kind](rows(60, 2))
    result = detector.check(given)
    assert result.verdict == "accept"
    assert type(result.accepted) is type(given)
    assert type(result.rows) is type(given)
    assert len(result.accepted) == len(result.rows) == 60
    assert result.fault is None


def test_every_kind_of_table_is_judged_alike(detector, tmp_path):
    given = rows(60, 2, flipped=0.3)
    pq.write_table(KINDS["pyarrow"](given), tmp_path / "monday.parquet")
    found = [detector.check(make(given)) for make in KINDS.values()] + [detector.check(tmp_path / "monday.parquet")]
    assert len({(each.verdict, each.p_value, each.alarms) for each in found}) == 1
    assert len({tuple(np.asarray(each.rows["score"])) for each in found}) == 1


def test_results_stand_on_the_index_of_the_frame(detector):
    given = rows(60, 2)
    result = detector.check(given)
    assert list(result.rows.index) == list(given.index)
    pd.testing.assert_frame_equal(result.accepted, given[~result.rows["quarantined"]])


def test_a_quarantined_batch_accepts_no_row(detector):
    result = detector.check(rows(60, 2, flipped=0.5))
    assert result.verdict == "quarantine"
    assert result.alarms
    assert 0 <= result.p_value < 0.01
    share = result.poisoned_share
    assert 0 < share.lowest <= share.estimate <= share.highest <= 1
    assert len(result.accepted) == 0
    assert list(result.accepted.columns) == list(rows(1, 0).columns)
    assert result.rows["quarantined"].all()
    assert any(reason for reason in result.rows["reason"])


def test_rows_that_can_t_be_read_are_quarantined_with_the_fault(detector, tmp_path):
    (tmp_path / "torn.csv").write_bytes(b"amount,fraud\n1,\xff\n")
    result = detector.check(tmp_path / "torn.csv")
    assert (result.verdict, result.alarms, len(result.rows)) == ("quarantine", ("unreadable",), 0)
    assert "UTF-8" in result.fault
    twice = pd.DataFrame([[1, 2]], columns=["amount", "amount"])
    assert "more than once" in detector.check(twice).fault
    nested = pd.DataFrame({"amount": [[1], [2]], "fraud": [0, 1]})
    assert detector.check(nested).fault is not None


def test_what_is_no_table_is_an_error_in_one_sentence(detector):
    with pytest.raises(pratique.PratiqueError, match="list is no table"):
        detector.check([1, 2, 3])
    with pytest.raises(pratique.PratiqueError, match="column 'label' is not in the trusted rows"):
        pratique.calibrate(rows(60, 1), label="label", checks=CHECKS)
    with pytest.raises(pratique.PratiqueError, match="per_1000_batches"):
        pratique.calibrate(rows(60, 1), label="fraud", per_1000_batches=0)
    with pytest.raises(pratique.PratiqueError, match="no such check"):
        pratique.calibrate(rows(60, 1), label="fraud", checks=["astrology"])


def test_a_saved_detector_judges_alike(detector, tmp_path):
    detector.save(tmp_path / "profile")
    again = pratique.load(tmp_path / "profile")
    given = rows(60, 2, flipped=0.2)
    mine, theirs = detector.check(given), again.check(given)
    assert (mine.verdict, mine.p_value, mine.alarms) == (theirs.verdict, theirs.p_value, theirs.alarms)
    pd.testing.assert_frame_equal(mine.rows, theirs.rows)
    again.save(tmp_path / "profile")


def test_saving_spares_a_folder_that_holds_other_files(detector, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(pratique.PratiqueError, match="other files"):
        detector.save(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    with pytest.raises(pratique.PratiqueError, match="not found"):
        pratique.load(tmp_path)


def test_copies_of_the_holdout_are_found_where_one_is_given():
    holdout = rows(80, 5)
    detector = pratique.calibrate(rows(300, 1), label="fraud", holdout=holdout, checks=["leaks", "labels"])
    result = detector.check(pd.concat([rows(30, 2), holdout[:10]]))
    assert "leaks" in result.alarms
    assert sum("holdout" in reason for reason in result.rows["reason"]) == 10


def test_by_default_every_check_runs_that_needs_no_file():
    names = set(pratique.calibrate(rows(60, 1), label="fraud").profile.checks)
    assert names == {
        "conflicts",
        "density",
        "duplicates",
        "extremes",
        "labels",
        "losses",
        "outliers",
        "relations",
        "shift",
        "values",
    }


def test_a_notebook_shows_tables_and_escapes_what_came_in(detector):
    shown = detector._repr_html_()
    assert "300 trusted rows" in shown
    assert "too few to promise" in shown
    result = detector.check(rows(60, 2, flipped=0.5), name="<script>alert(1)</script>")
    assert "<script>" not in result._repr_html_()
    assert "its labels look flipped" in result._repr_html_()
    assert "300 trusted rows" in repr(detector)
    assert "quarantine" in repr(result)


def test_the_examples_of_the_front_door_hold():
    assert doctest.testmod(pratique).failed == 0


@pytest.mark.slow
def test_the_notebook_of_the_documents_runs():
    cells = json.loads((REPOSITORY / "docs/first_check.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    shown = []
    for cell in cells:
        if cell["cell_type"] == "code":
            *lines, last = "".join(cell["source"]).splitlines()
            try:
                code = compile(last, "cell", "eval")
            except SyntaxError:
                exec("\n".join([*lines, last]), names)
            else:
                exec("\n".join(lines), names)
                shown.append(eval(code, names))
    assert [type(each).__name__ for each in shown] == ["Detector", "Result", "DataFrame"]
    assert shown[1].verdict == "quarantine"


def test_importing_the_package_is_quick_to_the_command_line():
    said = "import sys, pratique; print([m for m in ('pandas', 'sklearn', 'great_expectations') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_images_are_looked_at_as_images_and_kept_so(digits, tmp_path):
    frame = digits.frame.sample(400, random_state=0)
    detector = pratique.calibrate(frame[:300], label="digit", image=(8, 8), checks=["image_statistics"])
    turned = frame[300:].copy()
    turned.iloc[:, :64] = turned.iloc[:, :64].to_numpy().reshape(-1, 8, 8).transpose(0, 2, 1).reshape(-1, 64)
    detector.save(tmp_path / "kept")
    for each in (detector, pratique.load(tmp_path / "kept")):
        assert each.check(frame[300:]).alarms == ()
        assert each.check(turned).alarms == ("image_statistics",)


def test_by_default_images_are_looked_at_by_what_takes_no_torch(digits, monkeypatch):
    monkeypatch.setattr(pratique.Detector, "learn", lambda rows, params, holdout: params.checks)
    checks = pratique.calibrate(digits.frame[:30], label="digit", image=(8, 8))
    assert [name for name in checks if name.startswith("image_")] == [
        "image_components",
        "image_distillation",
        "image_random_encoder",
        "image_statistics",
    ]


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ((8,), r"image: expected \(height, width\) or"),
        ((8, 2), "width: input should be greater than or equal to 4, got 2"),
        ((8, 9), "data.image: 72 pixels, but the trusted rows have 64 features"),
    ],
)
def test_sizes_that_are_none_are_refused_in_words(digits, image, words):
    with pytest.raises(pratique.PratiqueError, match=words):
        pratique.calibrate(digits.frame[:30], label="digit", image=image)
