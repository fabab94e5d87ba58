"""Batches that came before are found, in any order and with edits; honest repetition is left alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pratique.core.params import Params
from pratique.core.sketch import SKETCH_ROWS, RowSketch
from pratique.decisions.binding import Binding
from pratique.decisions.decision import Decision, DecisionFile
from pratique.detector.verdict import Verdict
from pratique.quarantine.repeats import History, Repeat
from pratique.quarantine.rulings import Rulebook

ALPHA = 0.01


@pytest.fixture
def rng():
    return np.random.default_rng(6)


@pytest.fixture
def draw(rng):
    """Rows that equal no other."""
    return lambda count: rng.integers(0, 2**64, count, dtype=np.uint64)


def history(trusted, **batches):
    """Of batches in this order, `source__name` each."""
    sketches = {name.replace("__", "/"): RowSketch.of(rows) for name, rows in batches.items()}
    return History(sketches, trusted, ALPHA)


@pytest.mark.parametrize("rows", [20, 200, 5000])
@pytest.mark.parametrize("kept", [1.0, 0.9, 0.5])
def test_a_batch_that_comes_again_is_found_in_any_order_and_with_edits(rng, draw, rows, kept):
    first, same = draw(rows), int(kept * rows)
    again = rng.permutation(np.concatenate([first[:same], draw(rows - same)]))
    found = history(draw(1000), a__first=first, a__other=draw(rows), b__again=again).find("b/again")
    assert [repeat.batch for repeat in found] == ["a/first"]
    assert found[0].exact == (rows <= SKETCH_ROWS)
    assert found[0].shared == pytest.approx(same, abs=0 if found[0].exact else 0.06 * rows)
    assert (found[0].rows, found[0].later) == (rows, False)


def test_the_later_one_is_the_repeat(draw):
    rows = draw(50)
    seen = history(draw(500), a__x=rows, b__x=rows)
    assert [repeat.later for repeat in seen.find("a/x")] == [True]
    assert [repeat.later for repeat in seen.find("b/x")] == [False]


def test_the_one_that_holds_most_of_it_comes_first(draw):
    rows = draw(100)
    seen = history(draw(500), a__half=rows[:50], a__most=rows[10:], z__again=rows)
    assert [repeat.batch for repeat in seen.find("z/again")] == ["a/most", "a/half"]


def test_a_few_rows_that_come_again_are_no_repeat(draw):
    rows = draw(100)
    again = np.concatenate([rows[:15], draw(85)])
    assert history(draw(500), a__x=rows, b__x=again).find("b/x") == []


def test_rows_that_trusted_rows_hold_say_nothing(draw):
    trusted = draw(300)
    assert history(trusted, a__x=trusted[:100], b__x=trusted[:100]).find("b/x") == []
    both = np.concatenate([trusted[:50], draw(50)])
    (repeat,) = history(trusted, a__x=both, b__x=both).find("b/x")
    assert (repeat.shared, repeat.rows) == (100, 100)


@pytest.mark.parametrize("values", [50, 2000, 30_000])
def test_tables_of_few_columns_repeat_honestly(rng, values):
    """Batches of rows of which there are few kinds, some of them rare."""
    weights = 1 / np.arange(1, values + 1)
    batches = {f"s__{i:03d}": rng.choice(values, 100, p=weights / weights.sum()).astype(np.uint64) for i in range(200)}
    seen = history(rng.choice(values, 1000, p=weights / weights.sum()).astype(np.uint64), **batches)
    assert [name for name in batches if seen.find(name.replace("__", "/"))] == []


def test_a_large_batch_is_found_again_by_a_small_reference(draw):
    """Trusted rows can't say that rows never repeat; the batch's own can."""
    rows = draw(300_000)
    assert len(history(draw(100), a__x=rows, b__x=np.concatenate([rows[:150_000], draw(150_000)])).find("b/x")) == 1


def test_what_is_no_table_has_no_history(draw):
    assert history(draw(10), a__x=draw(10)).find("a/torn") == []
    assert history(draw(10)).find("a/torn") == []


CLEAN = Verdict("accept", 0.5, ())
BEFORE = Repeat("vendor/01", 9, 10, exact=True, row_set="ab" * 32, later=False)


def judge(found, policy="warn", reject=None, source="vendor"):
    bound = Binding(batch="ab" * 32, policy={}, checks={})
    words = {"reviewer": "Rita <rita@example.org>", "reason": "so", "time": "2026-01-01", "binds": bound}
    decisions = [
        DecisionFile(Path("it.json"), Decision(action="reject", batch="vendor/01", rowSet=each, **words), "cd" * 32)
        for each in filter(None, [reject])
    ]
    params = Params.model_validate(
        {"data": {"label": "y"}, "checks": {}, "resent": policy, "review": {"identity": "claims"}}
    )
    verdict, repeat = Rulebook(decisions, {}, params).judge_repeats(source, CLEAN, found)
    return verdict.verdict, verdict.alarms, repeat


def test_nothing_that_came_before_leaves_the_verdict_alone():
    assert judge([]) == ("accept", (), None)
    assert judge([replace(BEFORE, later=True)]) == ("accept", (), None)


@pytest.mark.parametrize(
    ("policy", "source", "verdict"),
    [
        ("warn", "vendor", "accept"),
        ("quarantine", "vendor", "quarantine"),
        ("quarantine", "other", "accept"),  # a stranger who sends a vendor's rows first keeps nothing out
    ],
)
def test_policy_says_what_becomes_of_rows_that_came_before(policy, source, verdict):
    assert judge([BEFORE], policy, source=source) == (verdict, ("resent",), BEFORE)


def test_what_its_own_source_sent_is_what_holds_it():
    stranger = replace(BEFORE, batch="other/01", shared=10)
    assert judge([stranger, BEFORE], "quarantine") == ("quarantine", ("resent",), BEFORE)
    assert judge([stranger, BEFORE]) == ("accept", ("resent",), stranger)


@pytest.mark.parametrize("source", ["vendor", "other"])
@pytest.mark.parametrize("later", [False, True])
def test_rejected_rows_that_come_again_with_edits_are_held_under_any_name(source, later):
    found = replace(BEFORE, later=later)
    assert judge([found], reject="ab" * 32, source=source) == (
        "quarantine",
        ("resent",),
        replace(found, rejected=True),
    )


def test_a_batch_that_was_corrected_since_it_was_rejected_is_not_rejected():
    assert judge([BEFORE], reject="99" * 32) == ("accept", ("resent",), BEFORE)
