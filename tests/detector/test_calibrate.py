"""Calibration and examination: what a reference teaches, and what becomes of clean and poisoned batches."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pratique.checks import labels, schema
from pratique.contract.check import measure
from pratique.contract.discovery import check_names, load_check
from pratique.contract.evidence import MOST_EVIDENCE
from pratique.contract.finding import BatchScore
from pratique.core.batch import Batch
from pratique.core.checksums import write_checksums
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_file
from pratique.core.layout import Layout
from pratique.core.params import Params
from pratique.detector import calibrate as learn
from pratique.detector import folds, profile, simulate
from pratique.detector.calibrate import calibrate
from pratique.detector.calibrated import FOLDS
from pratique.detector.examine import Examination, examine
from pratique.detector.folds import split_folds
from pratique.detector.fusion import Fusion
from pratique.detector.hypotheses import HYPOTHESES, ROWS, SEPARATE_FAMILIES
from pratique.detector.profile import Profile
from pratique.detector.signals import SignalRarity, SignalRows
from pratique.scaffold.rules import infer_schema, infer_suite
from pratique.statistics import mixture, nulls
from pratique.tables.trusted import layout_of
from threadpoolctl import threadpool_limits

FAMILY_NAMES = [family.name for family in SEPARATE_FAMILIES]
CHECKS = (
    "conflicts",
    "density",
    "duplicates",
    "expectations",
    "extremes",
    "labels",
    "leaks",
    "losses",
    "outliers",
    "relations",
    "schema",
    "shift",
    "values",
)


def calibrate_on(table, params, holdout=None, without=None):
    return calibrate(Batch("reference", table, layout_of(table, params.data)), params, holdout, without)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As in every command; a library must be loaded to be held back."""
    import sklearn.neighbors  # noqa: F401

    with threadpool_limits(limits=1):
        yield


def rows(count: int, *seed: int) -> pa.Table:
    """Three classes that neighbours can tell apart, most of the time."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, count)
    return pa.table(
        {
            "a": rng.normal(2.0 * y, 1.0).round(3),
            "b": rng.lognormal(0.5 * y, 0.7).round(3),
            "c": rng.normal(0, 1, count).round(3),
            "n": rng.poisson(5 + 5 * (y == 2)),
            "colour": pa.array(np.where(rng.random(count) < 0.2 + 0.3 * y, "red", "blue")),
            "y": pa.array(np.array(["u", "v", "w"])[y]),
        }
    )


def with_column(table: pa.Table, name: str, values: np.ndarray) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values))


def params_for(table: pa.Table, folder: Path, *checks: str) -> Params:
    """Params with these checks; rules are those that `pratique init` would write for the table."""
    layout = layout_of(table, Params(data={"label": "y"}, checks={}).data)
    trusted = Batch("reference", table, layout)
    (folder / "schema.yaml").write_text(infer_schema(trusted), encoding="utf-8")
    (folder / "suite.json").write_text(json.dumps(infer_suite(trusted)), encoding="utf-8")
    files = {
        "schema": {"file": folder / "schema.yaml"},
        "expectations": {"file": folder / "suite.json"},
    }
    return Params(seed=3, data={"label": "y"}, checks={name: files.get(name, {}) for name in checks})


def learn_from(table: pa.Table, params: Params) -> Profile:
    """A profile, beside a holdout of other rows."""
    return calibrate_on(table, params, rows(40, 77))


@pytest.fixture(scope="module")
def normal(tmp_path_factory) -> Profile:
    """A profile of 300 rows by all checks."""
    table = rows(300, 1, 9)
    return learn_from(table, params_for(table, tmp_path_factory.mktemp("rules"), *CHECKS))


@pytest.fixture
def quick(monkeypatch):
    """Nulls from few draws, and attacks simulated once: for tests that don't look at what comes of them."""
    monkeypatch.setattr(simulate, "SIMULATION_DRAWS", 1)
    monkeypatch.setattr(nulls, "NULL_DRAWS", 30)
    monkeypatch.setattr(mixture, "MIXTURE_DRAWS", 100)
    monkeypatch.setattr(learn, "PSEUDO_BATCHES", 3)


def examined(table: pa.Table, normal: Profile) -> Examination:
    return examine(Batch("vendor/week-1", table, normal.layout), normal)


def p_values(table: pa.Table, normal: Profile) -> dict[str, float]:
    return {m.check: m.p_value for m in examined(table, normal).measurements}


def assert_equal(one: Examination, other: Examination) -> None:
    np.testing.assert_array_equal(one.row_scores, other.row_scores)
    np.testing.assert_array_equal(one.row_p_values, other.row_p_values)
    assert one.row_checks == other.row_checks
    for mine, yours in zip(one.measurements, other.measurements, strict=True):
        assert (mine.check, mine.null, mine.p_value) == (yours.check, yours.null, yours.p_value)
        assert (mine.finding.statistic, mine.finding.evidence) == (yours.finding.statistic, yours.finding.evidence)


@pytest.fixture(scope="module")
def trusted() -> Batch:
    classes = ["u"] * 51 + ["v"] * 33 + ["w"] * 7 + ["x"]
    return Batch("reference", pa.table({"a": np.arange(92.0), "y": classes}), Layout("y", {"a": "real"}))


def test_folds_hold_every_row_once(trusted):
    parts = split_folds(trusted.labels, seed=5)
    assert len(parts) == FOLDS
    assert sorted(np.concatenate(parts).tolist()) == list(range(92))
    assert all((np.diff(part) > 0).all() for part in parts)


def test_folds_spread_each_class_evenly(trusted):
    for label in "uvwx":
        counts = [(trusted.labels[part] == label).sum() for part in split_folds(trusted.labels, seed=5)]
        assert max(counts) - min(counts) <= 1, label


def test_folds_follow_the_seed(trusted):
    first, again, other = (split_folds(trusted.labels, seed) for seed in (5, 5, 6))
    assert [part.tolist() for part in first] == [part.tolist() for part in again]
    assert [part.tolist() for part in first] != [part.tolist() for part in other]


def test_every_check_is_among_those_calibrated_here():
    assert sorted(CHECKS) == [name for name in check_names() if load_check(name).needs != "images"]


@pytest.mark.slow
def test_equal_inputs_give_equal_bytes_that_examine_the_same(tmp_path, quick):
    table = rows(100, 4)
    params = params_for(table, tmp_path, *CHECKS)
    learned = [learn_from(table, params) for _ in range(2)]
    for name, each in zip(("first", "second"), learned, strict=True):
        profile.save(each, tmp_path / name)
    assert profile.digest(tmp_path / "first") == profile.digest(tmp_path / "second")
    kept = profile.load(params, tmp_path / "first")
    assert kept.layout == learned[0].layout
    assert list(kept.checks) == list(learned[0].checks)
    assert_equal(examined(rows(30, 8), kept), examined(rows(30, 8), learned[0]))


def test_another_seed_gives_other_folds_and_so_another_profile(tmp_path, quick):
    table = rows(40, 4)
    params = params_for(table, tmp_path, "labels")
    for seed in (3, 4):
        profile.save(calibrate_on(table, params.model_copy(update={"seed": seed})), tmp_path / f"{seed}")
    assert profile.digest(tmp_path / "3") != profile.digest(tmp_path / "4")


def test_saving_leaves_nothing_of_an_older_profile(tmp_path, quick):
    table = rows(40, 4)
    profile.save(calibrate_on(table, params_for(table, tmp_path, "labels", "shift")), tmp_path / "profile")
    profile.save(calibrate_on(table, params_for(table, tmp_path, "labels")), tmp_path / "profile")
    found = sorted(p.relative_to(tmp_path / "profile").as_posix() for p in (tmp_path / "profile").rglob("*.*"))
    assert found == ["checks/labels.npz", "checksums.json", "profile.json", "rows.npz"]


def test_a_trusted_row_without_a_label_is_named(tmp_path):
    table = rows(40, 4)
    labelled = np.where(np.arange(40) == 17, None, table["y"].to_pylist())
    with pytest.raises(PratiqueError, match="data/reference: row 17 has no 'y'; every trusted row needs a label"):
        calibrate_on(with_column(table, "y", labelled), params_for(table, tmp_path, "labels"))


def test_too_few_trusted_rows_are_refused(tmp_path, quick):
    params = params_for(rows(40, 4), tmp_path, *CHECKS)
    with pytest.raises(PratiqueError, match="data/reference: 19 rows; at least 20 are needed to calibrate"):
        learn_from(rows(19, 4), params)
    assert len(examined(rows(3, 5), learn_from(rows(20, 4), params)).row_scores) == 3


def test_a_check_that_fails_on_the_reference_is_named(tmp_path, monkeypatch, quick):
    def fail(*_):
        raise ValueError("no\nneighbours")

    monkeypatch.setattr(labels.FittedLabels, "measure", fail)
    table = rows(40, 4)
    with pytest.raises(PratiqueError, match="'labels' fails on the reference itself: ValueError: no neighbours"):
        calibrate_on(table, params_for(table, tmp_path, "labels"))


def test_a_check_that_returns_what_another_kind_does_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(schema.FittedSchema, "measure", lambda *_: BatchScore(0.0))
    table = rows(40, 4)
    fails = "'schema' fails on the reference itself: TypeError: FittedSchema returned BatchScore, expected RuleBreaches"
    with pytest.raises(PratiqueError, match=fails):
        calibrate_on(table, params_for(table, tmp_path, "schema"))


def test_only_the_profile_that_params_ask_for_is_loaded(tmp_path, quick):
    table, folder = rows(40, 4), tmp_path / "profile"
    params = params_for(table, tmp_path, "labels")
    with pytest.raises(PratiqueError, match="profile: no profile; run `pratique calibrate`"):
        profile.load(params, folder)
    profile.save(calibrate_on(table, params), folder)
    for other in (
        Params(data={"label": "colour"}, checks={"labels": {}}),
        Params(data={"label": "y"}, checks={"labels": {}, "shift": {}}),
        Params(data={"label": "y"}, checks={"shift": {}}),
    ):
        with pytest.raises(PratiqueError, match="calibrated for another label or other checks"):
            profile.load(other, folder)


WHOLE = '{"rows": %s, "label": "y", "kinds": %s, "checks": ["labels"]}'


@pytest.mark.parametrize(
    "summary", ["", "{", "[]", "[" * 9999, '{"label": "y"}', WHOLE % ("1e999", "{}"), WHOLE % ("5", '"x"')]
)
def test_a_broken_profile_is_refused_in_plain_words(tmp_path, summary):
    file = tmp_path / "profile.json"
    file.write_text(summary, encoding="utf-8")
    write_checksums(tmp_path, {file: sha256_file(file)})
    with pytest.raises(PratiqueError, match="not a profile's summary"):
        profile.load(Params(data={"label": "y"}, checks={"labels": {}}), tmp_path)


def test_rules_alone_give_a_profile_too(tmp_path, quick):
    table = rows(40, 4)
    got = examined(rows(10, 5), calibrate_on(table, params_for(table, tmp_path, "schema")))
    assert [(m.check, m.p_value) for m in got.measurements] == [("schema", 1.0)]
    assert (got.row_checks, got.row_scores.tolist()) == ((ROWS.name,) * 10, [0.0] * 10)


@pytest.mark.slow
def test_clean_batches_have_p_values_like_a_fair_die(tmp_path, monkeypatch):
    """Over several references, because each has luck of its own that its batches share."""
    monkeypatch.setattr(nulls, "NULL_DRAWS", 200)
    monkeypatch.setattr(learn, "PSEUDO_BATCHES", 20)
    drawn: dict[str, list[float]] = {}
    for seed in range(4):
        table = rows(300, 2, seed)
        learned = calibrate_on(table, params_for(table, tmp_path, "labels", "outliers", "shift"))
        for batch in range(15):
            for check, p in p_values(rows(50, 3, seed, batch), learned).items():
                drawn.setdefault(check, []).append(p)
    assert list(drawn) == ["labels", "outliers", "shift", *HYPOTHESES]
    for check, sample in drawn.items():
        found = np.array(sample)
        assert (found < 0.05).mean() <= 0.15, check
        assert (found < 0.5).mean() <= 0.75, check
        at_least = {*HYPOTHESES, "shift"}  # a ratio below one has p-value 1; corrected counts only err on the safe side
        assert check in at_least or (found < 0.5).mean() >= 0.25, check


def test_clean_batches_break_no_rule_that_was_inferred(normal):
    for seed in range(5):
        found = p_values(rows(50, 1, seed), normal)
        assert (found["schema"], found["expectations"]) == (1.0, 1.0)


def test_flipped_labels_are_seen_by_their_neighbours(normal):
    table = rows(50, 1, 77)
    flipped = table["y"].to_numpy(zero_copy_only=False).copy()
    flipped[::2] = [{"u": "w", "v": "u", "w": "v"}[label] for label in flipped[::2]]
    got = examined(with_column(table, "y", flipped), normal)
    found = {m.check: m.p_value for m in got.measurements}
    assert found["labels"] < 1e-4
    assert found["shift"] > 1e-3
    assert got.row_scores[::2].mean() > got.row_scores[1::2].mean() + 0.5
    assert got.row_p_values[::2].mean() < got.row_p_values[1::2].mean()


def test_a_family_is_known_by_its_own_attacks(normal):
    for seed in range(3):
        table = rows(100, 1, 400 + seed)
        labels = table["y"].to_numpy(zero_copy_only=False).copy()
        labels[:10] = [{"u": "v", "v": "w", "w": "u"}[label] for label in labels[:10]]
        found = p_values(with_column(table, "y", labels), normal)
        assert found["flips"] < 1e-3
        assert found["flips"] < found["mimicry"]


def test_a_family_is_learned_from_its_own_attacks(tmp_path, quick, monkeypatch):
    shown: list[set[str]] = []
    train = Fusion.train

    def noting(seen: SignalRows, rarity: SignalRarity, seed: int) -> Fusion:
        shown.append({simulate.SIMULATIONS[group].family for group in np.unique(seen.groups[seen.groups >= 0])})
        return train(seen, rarity, seed)

    monkeypatch.setattr(Fusion, "train", noting)
    table = rows(100, 9)
    params = params_for(table, tmp_path, "labels", "density")
    everything = set(simulate.ATTACK_FAMILIES)
    assert list(calibrate_on(table, params).hypothesis_tests.families) == FAMILY_NAMES
    assert shown == [everything] * FOLDS + [{family} for family in FAMILY_NAMES for _ in range(FOLDS)]
    shown.clear()
    assert set(calibrate_on(table, params, without="flips").hypothesis_tests.families) == {"mimicry"}
    assert shown == [everything - {"flips"}] * FOLDS + [{"mimicry"}] * FOLDS


def test_outliers_are_seen_by_their_distance(normal):
    table = rows(50, 1, 77)
    far = table["c"].to_numpy().copy()
    far[:10] = np.tile([-30.0, 30.0], 5)
    table = with_column(table, "c", far)
    got = examined(table, normal)
    outliers = [measure(fitted, Batch("v/w", table, normal.layout)) for fitted in normal.checks["outliers"].folds]
    assert (np.argsort(-np.mean([each.row_scores for each in outliers], axis=0))[:10] < 10).sum() >= 8
    held = {row for m in got.measurements for row in m.finding.forbidden}
    assert held == set(range(10))  # one by one, so that `rows` is asked of the others
    assert (np.argsort(-got.row_scores)[:10] < 10).sum() >= 8


def test_a_moved_column_is_seen_as_a_shift(normal):
    table = rows(50, 1, 77)
    assert p_values(table, normal)["shift"] > 0.05
    assert p_values(with_column(table, "c", pc.add(table["c"], 1.5)), normal)["shift"] < 1e-4


def test_a_broken_rule_is_seen_by_the_schema(normal):
    table = rows(50, 1, 77)
    shapes = np.where(np.arange(50) < 5, "green", table["colour"].to_pylist())
    assert p_values(with_column(table, "colour", shapes), normal)["schema"] < 1e-3


def test_measurements_stand_in_the_order_of_their_names_and_those_of_all_checks_last(normal):
    got = examined(rows(12, 6), normal)
    assert [m.check for m in got.measurements] == [*sorted(CHECKS), *HYPOTHESES]
    assert got.row_scores.shape == got.row_p_values.shape == (12,)
    assert len(got.row_checks) == 12
    assert set(got.row_checks) <= {"density", "labels", "losses", "outliers", "relations"}
    assert got.row_p_values.min() >= 1 / 301


def test_a_batch_without_rows_breaks_every_check(normal):
    got = examined(rows(12, 6).slice(0, 0), normal)
    assert [m.check for m in got.measurements] == sorted(CHECKS)
    assert all(m.finding.breaches == ("the batch has no rows",) for m in got.measurements)
    assert (len(got.row_scores), len(got.row_p_values), got.row_checks) == (0, 0, ())


def test_one_fold_that_fails_is_a_fault_of_the_check(normal, monkeypatch):
    calls = []
    honest = labels.FittedLabels.measure

    def third_fails(self, batch):
        calls.append(batch)
        if len(calls) == 3:
            raise ValueError("no neighbours")
        return honest(self, batch)

    monkeypatch.setattr(labels.FittedLabels, "measure", third_fails)
    got = examined(rows(12, 6), normal)
    faulty = {m.check: (m.finding.fault, m.p_value) for m in got.measurements if m.finding.fault}
    assert faulty == {"labels": ("ValueError: no neighbours", 0.0)}
    assert np.isfinite(got.row_scores).all()


def test_the_statistic_is_the_mean_over_the_folds(normal):
    batch = Batch("vendor/week-1", rows(12, 6), normal.layout)
    got = {m.check: m.finding for m in examine(batch, normal).measurements}
    for check in ("labels", "outliers", "shift"):
        each = [measure(fitted, batch).statistic for fitted in normal.checks[check].folds]
        assert len(each) == FOLDS
        assert got[check].statistic == pytest.approx(np.mean(each), rel=1e-12)


@pytest.mark.parametrize(("count", "averaged"), [(50, True), (1200, False)])
def test_a_ratio_that_is_averaged_over_the_folds_varies_less_than_the_null_of_one(normal, count, averaged):
    (got,) = [m for m in examined(rows(count, 6), normal).measurements if m.check == ROWS.name]
    of_one_fold = normal.hypothesis_tests.null.at(count)
    assert (got.null.std < of_one_fold.std) == averaged
    assert (got.null == of_one_fold) == (not averaged)


def test_a_large_batch_is_read_by_parts_whatever_the_order_of_its_rows(normal):
    """What a part names are rows of the batch, and the parts together see what the whole would."""
    table = rows(1200, 6)
    far = table["c"].to_numpy().copy()
    far[1100] = 60.0
    table = with_column(table, "c", far)
    order = np.random.default_rng(0).permutation(1200)
    got, moved = examined(table, normal), examined(table.take(pa.array(order)), normal)
    np.testing.assert_allclose(moved.row_scores, got.row_scores[order])
    for check in ("density", "labels", "losses", "outliers", "relations"):
        one, other = (next(m for m in e.measurements if m.check == check) for e in (got, moved))
        assert one.finding.statistic == pytest.approx(other.finding.statistic)
        everything = Batch("v/w", table, normal.layout)
        whole = np.mean([measure(fitted, everything).statistic for fitted in normal.checks[check].folds])
        assert one.finding.statistic == pytest.approx(whole, abs=0.1)
        labels_of = table["y"].to_pylist()
        assert len(one.finding.evidence.rows) == MOST_EVIDENCE
        assert all(labels_of[row] == entry.facts["label"] for entry in one.finding.evidence.rows for row in entry.rows)


def test_a_batch_that_is_measured_in_small_parts_scores_the_same(normal, monkeypatch):
    """Of 1,200 rows 300 at a time are read, and 40 of a fold measured; no more cells than those are read at once."""
    table = rows(1200, 1, 88)
    whole = examined(table, normal)
    monkeypatch.setattr("pratique.core.batch.MOST_ROWS_AT_ONCE", 300)
    monkeypatch.setattr("pratique.detector.row_scoring.ROWS_AT_ONCE", 40)
    monkeypatch.setattr("pratique.checks.leaks.COMPARED_AT_ONCE", 70)
    parts = examined(table, normal)
    np.testing.assert_allclose(parts.row_scores, whole.row_scores, rtol=1e-9)
    np.testing.assert_allclose(parts.row_p_values, whole.row_p_values, rtol=1e-9)
    for one, other in zip(parts.measurements, whole.measurements, strict=True):
        assert one.finding.statistic == pytest.approx(other.finding.statistic, rel=1e-9)
        assert [each.rows for each in one.finding.evidence.rows] == [each.rows for each in other.finding.evidence.rows]


def test_rules_that_trusted_rows_break_are_refused_with_the_rule(tmp_path):
    table = rows(40, 4)
    params = params_for(table, tmp_path, "schema", "expectations")
    file, suite = tmp_path / "schema.yaml", tmp_path / "suite.json"
    text = file.read_text()
    file.write_text("schema_type: dataframe\ncolumns:\n  a: {dtype: float64, lt: -1000}\n")
    with pytest.raises(
        PratiqueError, match=r"schema.yaml: a: less_than\(-1000\) forbids 40 of 40 trusted rows; correct"
    ):
        calibrate_on(table, params)
    file.write_text(text.replace('"n"', '"nn"'))
    with pytest.raises(PratiqueError, match=r"column 'nn' is not in the trusted rows; they have a, b, c, n"):
        calibrate_on(table, params)
    file.write_text(text)
    mean = {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "a", "max_value": -9}, "meta": {}}
    suite.write_text(json.dumps({"name": "x", "expectations": [mean], "meta": {}}))
    with pytest.raises(PratiqueError, match=r"suite.json: the trusted rows break a rule: a: expect_column_mean"):
        calibrate_on(table, params)


def test_a_profile_that_is_older_than_the_rules_is_refused(tmp_path):
    table = rows(40, 4)
    params = params_for(table, tmp_path, "schema")
    file = tmp_path / "schema.yaml"
    profile.save(calibrate_on(table, params), tmp_path / "profile", declared=(file, tmp_path / "none.yaml"))
    assert profile.load(params, tmp_path / "profile").rows == 40
    file.write_text(file.read_text() + "# edited\n")
    with pytest.raises(PratiqueError, match=r"profile: older than .*schema.yaml; run `pratique calibrate`"):
        profile.load(params, tmp_path / "profile")


def test_a_large_holdout_sets_the_limits_and_no_model_learns_from_it(tmp_path, quick):
    table, holdout = rows(60, 4), rows(200, 5)
    params = params_for(table, tmp_path, "labels", "shift")
    with_holdout, without = calibrate_on(table, params, holdout), calibrate_on(table, params)
    few = calibrate_on(table, params, holdout.slice(0, 199))
    assert not with_holdout.hypothesis_tests.out_of_fold
    assert without.hypothesis_tests.out_of_fold
    assert few.hypothesis_tests.out_of_fold
    assert len(with_holdout.checks["labels"].conformal.sorted_scores) == 200
    assert len(without.checks["labels"].conformal.sorted_scores) == 60
    batch = Batch("s/b", rows(30, 6), with_holdout.layout)
    for one, other in zip(with_holdout.checks["labels"].folds, without.checks["labels"].folds, strict=True):
        np.testing.assert_array_equal(measure(one, batch).row_scores, measure(other, batch).row_scores)


def test_limits_come_from_the_reference_where_params_say_so(tmp_path, quick):
    table = rows(60, 4)
    params = params_for(table, tmp_path, "labels").model_copy(
        update={"limits": Params.model_fields["limits"].annotation.model_validate({"from": "reference"})}
    )
    assert calibrate_on(table, params, rows(200, 5)).hypothesis_tests.out_of_fold


def test_a_large_reference_spares_rows_that_set_the_limits(tmp_path, quick, monkeypatch):
    monkeypatch.setattr(folds, "FEWEST_ROWS_TO_SPARE", 100)
    table = rows(100, 4)
    profile = calibrate_on(table, params_for(table, tmp_path, "labels"))
    assert profile.rows == 80
    assert not profile.hypothesis_tests.out_of_fold
    assert len(profile.checks["labels"].conformal.sorted_scores) == 20
