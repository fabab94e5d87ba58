"""The verdict: a pure function of measurements and budget, by hand and by laws."""

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.contract.finding import Finding
from pratique.core.params import AlarmParams, ShiftParams
from pratique.detector.examine import Examination, Measurement
from pratique.detector.verdict import RowReason, Verdict, benjamini_hochberg, judge, judge_unreadable, share_budget

BUDGET = AlarmParams(per_1000_batches=10, rows_fdr=0.05)
QUARANTINE = ShiftParams(policy="quarantine")
WARN = ShiftParams(policy="warn")
RANK = {"accept": 0, "partial": 1, "quarantine": 2}


@dataclass(frozen=True)
class Uniform:
    """The null of a statistic that is uniform on clean rows."""

    def p_value(self, statistic: float) -> float:
        return 1 - statistic

    def limit(self, alpha: float) -> float:
        return 1 - alpha


def measured(check: str, p_value: float, **finding) -> Measurement:
    return Measurement(check, Finding(1 - p_value, "share", **finding), Uniform(), p_value)


def failed(check: str) -> Measurement:
    return Measurement(check, Finding(float("nan"), "", fault="ValueError: no neighbours"), Uniform(), 0.0)


def examined(*measurements: Measurement, rows: list[float] | None = None) -> Examination:
    p_values = np.array([0.5] * 10 if rows is None else rows)
    return Examination(
        measurements=measurements,
        row_scores=-np.log10(np.maximum(p_values, 1e-9)),
        row_p_values=p_values,
        row_checks=("labels",) * len(p_values),
    )


def verdict_of(*measurements: Measurement, rows: list[float] | None = None, shift: ShiftParams = QUARANTINE) -> Verdict:
    return judge(examined(*measurements, rows=rows), BUDGET, shift)


def test_without_an_alarm_a_batch_is_accepted():
    got = verdict_of(measured("labels", 0.4), measured("schema", 1.0))
    assert (got.verdict, got.alarms, got.suspects) == ("accept", (), {})
    assert got.p_value == pytest.approx(1 - 0.6**2)


def test_without_a_check_a_batch_is_accepted():
    got = verdict_of()
    assert (got.verdict, got.alarms, got.judged) == ("accept", (), ())
    assert got.p_value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("checks", "level"), [(1, 0.01), (2, 0.005012562893380035), (4, 0.002509430066022524), (6, 0.0016736538523104951)]
)
def test_the_budget_is_shared_by_sidak(checks, level):
    """1 - .99^(1/K): .99^(1/2) = .994987..., .99^(1/4) = .997490..., .99^(1/6) = .998326..."""
    others = [measured(f"check_{i}", 0.9) for i in range(checks - 1)]
    below = verdict_of(measured("labels", level * (1 - 1e-6)), *others)
    above = verdict_of(measured("labels", level * (1 + 1e-6)), *others)
    assert (below.verdict, below.alarms) == ("quarantine", ("labels",))
    assert (above.verdict, above.alarms) == ("accept", ())
    assert [j.limit for j in above.judged] == pytest.approx([1 - level] * checks, rel=1e-9)
    assert [j.alarm for j in below.judged] == [True] + [False] * (checks - 1)


def test_a_larger_budget_alarms_sooner():
    examination = examined(measured("labels", 0.02))
    assert judge(examination, AlarmParams(per_1000_batches=10), QUARANTINE).verdict == "accept"
    assert judge(examination, AlarmParams(per_1000_batches=30), QUARANTINE).verdict == "quarantine"


@pytest.mark.parametrize(
    ("smallest", "expected"),
    [(0.001, 1 - 0.999**2), (0.5, 0.75), (1.0, 1.0), (1e-20, 2e-20), (1e-300, 2e-300), (1e-16, 2e-16)],
)
def test_the_p_value_is_the_smallest_corrected_for_their_number(smallest, expected):
    got = verdict_of(measured("labels", 1.0), measured("outliers", smallest)).p_value
    assert got == pytest.approx(expected, rel=1e-9)


def test_a_p_value_equals_the_budget_where_the_alarm_begins():
    level = 1 - 0.99 ** (1 / 3)
    got = verdict_of(measured("a", level), measured("b", 0.7), measured("c", 0.9))
    assert got.p_value == pytest.approx(0.01, rel=1e-9)


def test_a_broken_rule_of_the_batch_is_enough():
    got = verdict_of(measured("schema", 0.9, breaches=("the batch lacks column 'a'",)), measured("labels", 0.9))
    assert (got.verdict, got.p_value, got.alarms) == ("quarantine", 0.0, ("schema",))
    assert [j.alarm for j in got.judged] == [True, False]


def test_a_check_that_failed_is_enough():
    got = verdict_of(measured("shift", 0.9), failed("labels"))
    assert (got.verdict, got.p_value, got.alarms) == ("quarantine", 0.0, ("labels.fault",))


@pytest.mark.parametrize("shift", [QUARANTINE, WARN])
def test_a_p_value_that_is_no_number_never_passes(shift):
    for check in ("labels", "shift"):
        got = verdict_of(measured(check, float("nan")), measured("schema", 0.9), shift=shift)
        assert (got.verdict, got.p_value, got.alarms) == ("quarantine", 0.0, (f"{check}.fault",))


def test_alarms_stand_in_the_order_of_the_checks():
    got = verdict_of(failed("labels"), measured("outliers", 1e-9), measured("schema", 0.5), measured("shift", 1e-9))
    assert got.alarms == ("labels.fault", "outliers", "shift")


def test_images_that_moved_follow_the_policy_as_columns_do():
    moved = measured("image_statistics", 1e-9), measured("image_components", 1e-9), measured("shift", 1e-9)
    assert verdict_of(*moved).verdict == verdict_of(moved[0]).verdict == "quarantine"
    assert verdict_of(*moved, shift=WARN).verdict == verdict_of(moved[0], shift=WARN).verdict == "accept"
    assert verdict_of(*moved, measured("image_autoencoder", 1e-9), shift=WARN).verdict == "quarantine"
    assert verdict_of(moved[0], failed("image_components"), shift=WARN).verdict == "quarantine"


def test_honest_change_follows_the_policy():
    moved = measured("shift", 1e-9), measured("labels", 0.8)
    strict, lenient = verdict_of(*moved), verdict_of(*moved, shift=WARN)
    assert (strict.verdict, strict.alarms) == ("quarantine", ("shift",))
    assert (lenient.verdict, lenient.alarms) == ("accept", ("shift",))
    assert lenient.p_value == strict.p_value == pytest.approx(2e-9)


def test_a_shift_beside_another_alarm_is_no_excuse():
    got = verdict_of(measured("labels", 1e-9), measured("shift", 1e-9), shift=WARN)
    assert (got.verdict, got.alarms) == ("quarantine", ("labels", "shift"))


def test_a_shift_check_that_failed_is_no_honest_change():
    assert verdict_of(failed("shift"), shift=WARN).verdict == "quarantine"


def test_forbidden_rows_alone_are_held():
    got = verdict_of(measured("schema", 0.3, forbidden={7: "age: too old", 2: "age: too young"}))
    assert (got.verdict, got.alarms) == ("partial", ())
    assert got.suspects == {2: RowReason("schema", "age: too young"), 7: RowReason("schema", "age: too old")}
    assert list(got.suspects) == [2, 7]
    assert np.flatnonzero(got.holds(10)).tolist() == [2, 7]


def test_the_first_check_names_the_reason_of_a_row():
    got = verdict_of(
        measured("expectations", 0.3, forbidden={1: "unlikely"}), measured("schema", 0.3, forbidden={1: "impossible"})
    )
    assert got.suspects == {1: RowReason("expectations", "unlikely")}


def test_a_rule_says_more_than_a_rare_score():
    got = verdict_of(measured("schema", 0.3, forbidden={0: "too old"}), rows=[0.001, *[0.9] * 9])
    assert got.suspects == {0: RowReason("schema", "too old")}


def test_a_cell_that_can_not_be_read_says_more_than_a_rare_score_and_less_than_a_rule():
    found = replace(
        examined(measured("schema", 0.3, forbidden={1: "too old"}), rows=[0.001, 0.001, *[0.9] * 8]),
        unreadable={0: "size: no number", 1: "size: no number"},
    )
    assert judge(found, BUDGET, QUARANTINE).suspects == {
        0: RowReason("", "size: no number"),
        1: RowReason("schema", "too old"),
    }


def test_a_reason_says_who_found_the_row_and_how():
    assert RowReason("schema", "age: too old").text == "schema: age: too old"
    assert RowReason("", "size: no number").text == "size: no number"
    assert RowReason("labels", p_value=0.0021).text == "labels: only 2 in 1,000 trusted rows have so unlikely a label"
    far = RowReason("outliers", p_value=3e-5)
    assert far.text == "outliers: fewer than 1 in 1,000 trusted rows are so unlike the others"
    assert RowReason("rows", p_value=0.05).text == "rows: only 50 in 1,000 trusted rows look so odd"


def test_rows_too_rare_for_the_false_discovery_rate_are_held():
    """Of 10 rows at .05: the smallest needs .005, the second .010, the third .015."""
    got = verdict_of(measured("labels", 0.5), rows=[0.5, 0.010, 0.9, 0.004, 0.016, *[0.5] * 5])
    assert (got.verdict, got.alarms) == ("partial", ())
    assert got.suspects == {1: RowReason("labels", p_value=0.01), 3: RowReason("labels", p_value=0.004)}
    assert verdict_of(measured("labels", 0.5), rows=[0.006, *[0.5] * 9]).verdict == "accept"


def test_in_a_poisoned_batch_every_rare_row_is_shown():
    got = verdict_of(measured("labels", 1e-9), rows=[0.05, 0.051, 0.03, *[0.5] * 7])
    assert got.verdict == "quarantine"
    assert list(got.suspects) == [0, 2]
    assert got.holds(10).all()


def test_a_warned_shift_does_not_loosen_the_rows():
    rows = [0.03, *[0.5] * 9]
    assert verdict_of(measured("shift", 1e-9), rows=rows, shift=WARN).verdict == "accept"


def test_the_step_up_rejects_all_below_the_last_that_passes():
    """At rate .05 of 4: limits .0125, .025, .0375, .05; .03 fails its own .025 and passes with .037."""
    assert benjamini_hochberg(np.array([0.037, 0.9, 0.012, 0.03]), 0.05).tolist() == [0, 2, 3]
    assert benjamini_hochberg(np.array([0.038, 0.9, 0.013, 0.03]), 0.05).tolist() == []
    assert benjamini_hochberg(np.array([0.05]), 0.05).tolist() == [0]
    assert benjamini_hochberg(np.array([]), 0.05).tolist() == []


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.001, 0.5))
def test_the_step_up_is_scipys(p_values, rate):
    from scipy.stats import false_discovery_control

    adjusted = false_discovery_control(p_values) if p_values else np.array([])
    clear = np.abs(adjusted - rate) > 1e-12
    got = np.zeros(len(p_values), bool)
    got[benjamini_hochberg(np.array(p_values), rate)] = True
    assert (got[clear] == (adjusted <= rate)[clear]).all()


def test_rows_are_held_by_the_verdict():
    suspects = dict.fromkeys((1, 3), RowReason("labels", "odd"))
    assert Verdict("accept", 0.5, (), suspects=suspects).holds(4).tolist() == [False] * 4
    assert Verdict("partial", 0.5, (), suspects=suspects).holds(4).tolist() == [False, True, False, True]
    assert Verdict("quarantine", 0.5, (), suspects=suspects).holds(4).tolist() == [True] * 4
    assert Verdict("quarantine", 0.5, ()).holds(0).tolist() == []


def test_bytes_that_are_no_table_are_quarantined():
    got = judge_unreadable()
    assert (got.verdict, got.p_value, got.alarms, got.judged, got.suspects) == (
        "quarantine",
        0.0,
        ("unreadable",),
        (),
        {},
    )


@st.composite
def examinations(draw: st.DrawFn) -> Examination:
    p_value = st.floats(1e-300, 1) | st.sampled_from([1e-300, 1e-9, 0.002, 0.5, 1.0])
    rows = draw(st.lists(st.floats(0.001, 1), min_size=1, max_size=8))
    measurements = []
    for check in draw(st.lists(st.sampled_from(["labels", "rows", "schema", "shift"]), unique=True).map(sorted)):
        forbidden = draw(st.dictionaries(st.integers(0, len(rows) - 1), st.just("rule"), max_size=2))
        breaches = draw(st.sampled_from([(), (), (), ("broken",)]))
        sound = measured(check, draw(p_value), forbidden=forbidden, breaches=breaches)
        measurements.append(draw(st.sampled_from([sound, sound, sound, failed(check)])))
    return examined(*measurements, rows=rows)


policies = st.sampled_from([QUARANTINE, WARN])


@given(examinations(), policies)
def test_a_verdict_is_a_chance_and_never_no_number(examination, shift):
    got = judge(examination, BUDGET, shift)
    assert 0 <= got.p_value <= 1
    assert (got.p_value == 0) == any(m.finding.fault or m.finding.breaches for m in examination.measurements)
    assert set(got.suspects) <= set(range(len(examination.row_scores)))
    assert list(got.suspects) == sorted(got.suspects)


@given(examinations(), policies)
def test_equal_measurements_give_an_equal_verdict(examination, shift):
    assert judge(examination, BUDGET, shift) == judge(examination, BUDGET, shift)


@given(examinations(), policies, st.data())
def test_a_smaller_p_value_never_makes_a_verdict_milder(examination, shift, data):
    if not examination.measurements:
        return
    worse = list(examination.measurements)
    i = data.draw(st.integers(0, len(worse) - 1))
    if worse[i].finding.fault is None:
        lower = worse[i].p_value * data.draw(st.sampled_from([0.999, 0.1, 1e-6]))
        finding = Finding(1 - lower, "share", breaches=worse[i].finding.breaches, forbidden=worse[i].finding.forbidden)
        worse[i] = Measurement(worse[i].check, finding, Uniform(), lower)
    before = judge(examination, BUDGET, shift)
    after = judge(
        examined(*worse, rows=examination.row_p_values.tolist()),
        BUDGET,
        shift,
    )
    assert RANK[after.verdict] >= RANK[before.verdict]
    assert after.p_value <= before.p_value
    assert set(before.alarms) <= set(after.alarms)


@given(examinations(), st.floats(0.1, 500), st.floats(1, 5))
def test_a_larger_budget_never_makes_a_verdict_milder(examination, budget, factor):
    small = AlarmParams(per_1000_batches=budget)
    large = AlarmParams(per_1000_batches=min(999, budget * factor))
    before, after = judge(examination, small, QUARANTINE), judge(examination, large, QUARANTINE)
    assert RANK[after.verdict] >= RANK[before.verdict]
    assert after.p_value == before.p_value


@given(examinations())
def test_a_batch_whose_p_value_is_in_the_budget_is_quarantined_and_no_other(examination):
    got = judge(examination, BUDGET, QUARANTINE)
    if not math.isclose(got.p_value, BUDGET.alpha, rel_tol=1e-9):
        assert (got.verdict == "quarantine") == (got.p_value < BUDGET.alpha)


def test_shares_of_the_budget_sum_to_one():
    """Whatever runs: what is not there leaves its share to what weighs all checks against all attacks."""
    assert share_budget(["losses", "shift", "duplicates", "rows", "flips", "mimicry", "mean_shift"]) == pytest.approx(
        {
            "losses": 0.03,
            "shift": 0.03,
            "duplicates": 0.04,
            "rows": 0.48,
            "flips": 0.25,
            "mimicry": 0.1,
            "mean_shift": 0.07,
        }
    )
    assert share_budget(["losses", "rows"]) == pytest.approx({"losses": 0.06, "rows": 0.94})
    assert share_budget(["rows", "mean_shift"]) == pytest.approx({"rows": 0.93, "mean_shift": 0.07})
    assert share_budget(["schema", "shift"]) == {"schema": 0.5, "shift": 0.5}
    assert share_budget(["schema"]) == {"schema": 1.0}


def test_a_family_that_explains_the_rows_less_well_than_another_is_not_named():
    quiet = (measured("rows", 0.2), measured("labels", 0.9))
    flips, mimicry, moved = (partial(measured, name) for name in ("flips", "mimicry", "mean_shift"))
    assert verdict_of(*quiet, flips(1e-12), mimicry(1e-9)).alarms == ("rows", "flips")
    assert verdict_of(*quiet, flips(1e-9), mimicry(1e-12)).alarms == ("rows", "mimicry")
    assert verdict_of(*quiet, flips(0.9), mimicry(1e-9)).alarms == ("mimicry",)
    assert verdict_of(*quiet, flips(1e-9), mimicry(0.5), moved(1e-6)).alarms == ("rows", "flips")


def test_the_rows_that_an_alarm_names_are_the_suspects():
    got = verdict_of(measured("values", 1e-9, suspects={3: 2.0, 4: 2.0}), rows=[0.01] + [0.5] * 9)
    assert (got.verdict, list(got.suspects)) == ("quarantine", [3, 4])
    assert got.suspects[3].text == "values: rows share values that trusted rows hardly ever have"
    both = verdict_of(measured("values", 1e-9, suspects={3: 2.0}), measured("rows", 1e-9), rows=[0.01] + [0.5] * 9)
    assert list(both.suspects) == [0, 3]


def test_rows_that_a_quiet_check_names_are_no_suspects():
    assert verdict_of(measured("values", 0.5, suspects={3: 2.0})).suspects == {}


def test_where_most_columns_moved_that_rows_are_alike_is_no_news():
    alike = measured("values", 1e-9, suspects={3: 2.0}, follows_from_shift=True)
    most, few = (measured("shift", 1e-9, moved=moved) for moved in (0.6, 0.4))
    assert verdict_of(alike, most).alarms == ("shift",)
    assert verdict_of(alike, few).alarms == ("values", "shift")
    assert verdict_of(alike, most, measured("labels", 1e-9)).alarms == ("shift", "labels")
    assert verdict_of(alike, measured("shift", 0.5, moved=0.6)).alarms == ("values",)


def test_no_policy_for_honest_change_lets_in_what_the_shift_only_explains():
    alike = measured("values", 1e-40, suspects={3: 2.0}, follows_from_shift=True)
    moved = measured("shift", 1e-40, moved=0.9)
    assert verdict_of(moved, shift=WARN).verdict == "accept"
    got = verdict_of(alike, moved, shift=WARN)
    assert (got.verdict, got.alarms) == ("quarantine", ("shift",))
