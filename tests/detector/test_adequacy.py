"""What a reference is worth beside the budget."""

import pytest
from pratique.detector.adequacy import BudgetAdequacy


@pytest.mark.parametrize(
    ("budget", "trusted", "kept", "needed"), [(10, 150, 40, 600), (10, 600, 10, 600), (1, 1000, 6, 6000)]
)
def test_six_alarms_for_as_many_batches_as_there_are_trusted_rows(budget, trusted, kept, needed):
    promise = BudgetAdequacy(budget, trusted)
    assert promise.achievable == pytest.approx(kept)
    assert promise.needed == needed
    assert bool(promise.warning) == (trusted < needed)


def test_it_says_what_it_can_promise_and_what_it_takes():
    assert BudgetAdequacy(10, 60).warning == (
        "60 trusted rows are too few to promise 10 false alarms in 1,000 clean batches: references of this size kept "
        "about 100 on average, and some far more. It takes 600 rows."
    )
