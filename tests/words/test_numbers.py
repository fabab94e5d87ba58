"""Numbers in words, compared with what a person would write."""

import pytest
from pratique.words import numbers as words


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (1.0, "nearly always"),
        (0.62, "6 in 10"),
        (0.31, "3 in 10"),
        (0.25, "1 in 4"),
        (0.0123, "1 in 81"),
        (1 / 48_211, "1 in 48,000"),
        (3.2e-7, "1 in 3.1 million"),
        (2.7e-10, "1 in 3.7 billion"),
        (1e-12, "1 in 1000 billion"),
        (9e-13, "less than 1 in a trillion"),
        (0.0, "less than 1 in a trillion"),
    ],
)
def test_a_probability_is_said_as_people_say_it(p, said):
    assert words.chance(p) == said


@pytest.mark.parametrize(
    ("share", "said"), [(0.956667, "95.7 %"), (0.96, "96 %"), (1.0, "100 %"), (0.0, "0 %"), (0.0004, "0 %")]
)
def test_a_share_is_said_in_per_cent(share, said):
    assert words.percent(share) == said


@pytest.mark.parametrize(("difference", "said"), [(-0.0167, "−1.7"), (0.003, "+0.3"), (0.0, "0.0"), (-0.0004, "0.0")])
def test_a_difference_has_its_sign(difference, said):
    assert words.points(difference) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.16402, "1.16"), (0.0, "0"), (123456.0, "123,456"), (-4.0, "-4"), (1e12, "1e+12"), (None, "none")],
)
def test_a_number_has_the_digits_that_people_compare(value, said):
    assert words.number(value) == said


def test_long_lists_are_cut_and_counted():
    assert words.join_list([]) == ""
    assert words.join_list(["a"]) == "a"
    assert words.join_list(["a", "b"]) == "a and b"
    assert words.join_list(list("abcdef")) == "a, b, c, d and 2 more"


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (0.62, "6 times in 10"),
        (0.25, "once in 4"),
        (1 / 520e6, "once in 520 million"),
        (0.0, "less than once in a trillion"),
    ],
)
def test_how_often_something_happens_is_said_as_people_say_it(p, said):
    assert words.once_in(p) == said
