"""What two policies differ in, batch by batch."""

import numpy as np
import pytest
from pratique.commands import replay
from pratique.gate.preview import PastVerdict, compare, list_flips


def past(verdict, *held, rows=4, sha256="a" * 64, stands=False):
    mask = np.isin(np.arange(rows), held) if verdict == "partial" else np.full(rows, verdict == "quarantine")
    return PastVerdict(verdict, (), mask, sha256, stands)


BEFORE = {
    "a/kept": past("accept"),
    "a/tight": past("accept"),
    "b/loose": past("quarantine"),
    "c/rows": past("partial", 0, 1),
    "d/other": past("accept"),
    "e/gone": past("accept"),
    "f/torn": past("quarantine", rows=0),
}
AFTER = {
    "a/kept": past("accept"),
    "a/tight": past("partial", 3, stands=True),
    "b/loose": past("accept"),
    "c/rows": past("partial", 1, 2),
    "d/other": past("quarantine", sha256="b" * 64),
    "f/torn": past("accept", rows=2),
}


def test_loosened_batches_come_first_and_rows_are_counted():
    preview = compare(BEFORE, AFTER)
    found = [(flip.batch, flip.let_in, flip.held, flip.loosens, flip.stands) for flip in preview.flips]
    assert found == [
        ("b/loose", 4, 0, True, False),
        ("c/rows", 1, 1, True, False),
        ("f/torn", 2, 0, True, False),
        ("a/tight", 0, 1, False, True),
    ]
    assert preview.text.startswith("this policy flips 4 of 5 past verdicts; it loosens 3 of them, by 7 rows; ")
    assert preview.text.endswith("; 1 of them stands and is not judged anew")
    assert list_flips(preview)[2] == "  loosened: c/rows: partial → partial, 1 row let in and 1 row held"
    assert preview.to_json()["flips"][0]["loosens"] is True


@pytest.mark.parametrize(("after", "code"), [(AFTER, 1), (BEFORE, 0), ({"a/tight": AFTER["a/tight"]}, 1)])
def test_replay_exits_1_where_verdicts_differ_also_if_they_stand(monkeypatch, after, code):
    monkeypatch.setattr(replay, "_read_last", lambda: BEFORE)
    monkeypatch.setattr(replay, "_judge_here", lambda: after)
    assert replay.main(None, None, apply=False) == code


def test_nothing_flipped_is_said():
    assert compare(BEFORE, BEFORE).text == "this policy flips none of 7 past verdicts"


def test_a_terminal_shows_the_first_ones_and_counts_the_rest():
    many = {f"a/{i:03}": past("accept") for i in range(50)}
    lines = list_flips(compare(many, {name: past("quarantine") for name in many}))
    assert len(lines) == 22
    assert lines[-1] == "  and 30 more"
