"""The order of batches by their names."""

from hypothesis import given
from hypothesis import strategies as st
from pratique.tables.arrival import list_predecessors, name_order


def test_the_order_is_that_of_batches_not_of_their_files():
    """`w1-a.csv` sorts before `w1.csv`, the batch `w1` before `w1-a`."""
    assert list_predecessors(["s/w1-a", "s/w1"]) == {"s/w1-a": "s/w1"}
    assert list_predecessors(["a/x", "a-b/y", "a/z"]) == {"a/z": "a/x"}
    assert list_predecessors([]) == {}


def test_digits_in_names_are_numbers():
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
