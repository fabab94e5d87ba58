"""The notes that ingest keeps of what came in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.core.errors import PratiqueError
from pratique.tables.arrival import Arrival, list_predecessors, name_order, read_arrivals

NOTE = json.dumps(Arrival("crowd/w01", "w01.csv", "ab" * 32, 3, 2).to_json())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "crowd").mkdir()
    (tmp_path / "crowd/w01.json").write_text(NOTE)
    return tmp_path


def test_notes_are_read_as_they_were_written(folder):
    assert read_arrivals(folder) == [Arrival("crowd/w01", "w01.csv", "ab" * 32, 3, 2)]


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\xff",
        NOTE[:40].encode(),
        b"[]",
        b"7",
        b'{"batch": "crowd/w01"}',
        NOTE[:-1].encode() + b', "more": 1}',
        NOTE.replace("3", '"three"').encode(),
        NOTE.replace("crowd/w01", "crowd").encode(),
    ],
)
def test_a_damaged_note_is_named_with_what_to_run(folder, damaged):
    (folder / "crowd/w01.json").write_bytes(damaged)
    with pytest.raises(PratiqueError, match=r"crowd/w01\.json: .*`pratique ingest`"):
        read_arrivals(folder)


def test_where_nothing_is_ingested_it_says_what_to_run(tmp_path):
    with pytest.raises(PratiqueError, match="pratique ingest"):
        read_arrivals(tmp_path)


def test_the_order_is_that_of_batches_not_of_their_files():
    """`w1-a.csv` sorts before `w1.csv`, the batch `w1` before `w1-a`."""
    assert list_predecessors(["s/w1-a", "s/w1"]) == {"s/w1-a": "s/w1"}
    assert list_predecessors(["a/x", "a-b/y", "a/z"]) == {"a/z": "a/x"}
    assert list_predecessors([]) == {}


def test_digits_in_names_are_numbers(folder):
    (folder / "crowd/w01.json").unlink()
    for week in (9, 10, 11):
        note = Arrival(f"crowd/week{week}", f"week{week}.csv", "ab" * 32).to_json()
        (folder / f"crowd/week{week}.json").write_text(json.dumps(note))
    assert [arrival.batch for arrival in read_arrivals(folder)] == ["crowd/week9", "crowd/week10", "crowd/week11"]
    assert list_predecessors(["s/week10", "s/week9"]) == {"s/week10": "s/week9"}
    assert list_predecessors(["s/w1", "s/w01", "s/w2"]) == {"s/w1": "s/w01", "s/w2": "s/w1"}


BATCHES = st.lists(st.from_regex(r"[ab]{1,2}(-[ab])?/[a-c0-2.-]{1,3}", fullmatch=True), unique=True)


@given(BATCHES, st.randoms(use_true_random=False))
def test_batches_of_a_source_form_one_chain_whatever_order_they_came_in(batches, random):
    before = list_predecessors(batches)
    shuffled = random.sample(batches, len(batches))
    assert list_predecessors(shuffled) == before
    for source in {batch.split("/")[0] for batch in batches}:
        own = sorted((batch for batch in batches if batch.split("/")[0] == source), key=name_order)
        chain = [own[-1]]
        while chain[-1] in before:
            chain.append(before[chain[-1]])
        assert chain[::-1] == own
