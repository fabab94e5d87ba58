"""The digits: real pictures, whose truth is what their plan says."""

import numpy as np
import pytest
from pratique.scaffold.samples.digits import DIGIT_BATCHES, DIGIT_LAYOUT, PATCH
from sklearn.datasets import load_digits

STAMPED = [list(DIGIT_LAYOUT.kinds).index(name) for name in PATCH]


@pytest.fixture(scope="module")
def digits(write):
    return write("digits")


@pytest.fixture(scope="module")
def known():
    """The true label of every picture there is."""
    pixels, labels = load_digits(return_X_y=True)
    return {tuple(map(str, row)): str(label) for row, label in zip(pixels.astype(int), labels, strict=True)}


def test_the_plan_holds_every_kind_of_poison():
    poisons = [(plan.attack, plan.rate) for plan in DIGIT_BATCHES if plan.attack]
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
    assert sum(bool(plan.classes) for plan in DIGIT_BATCHES) == 1
    assert len({plan.name for plan in DIGIT_BATCHES}) == 25


def test_trusted_rows_are_stratified_and_true(digits, known):
    shares = np.bincount([int(label) for label in known.values()]) / len(known)
    for folder, size in (("reference", 500), ("holdout", 300)):
        trusted = digits.trusted(folder)
        assert len(trusted) == size
        assert all(known[row[:-1]] == row[-1] for row in trusted)
        assert (abs(np.bincount([int(row[-1]) for row in trusted]) - shares * size) <= 1).all()


def test_no_picture_is_used_twice(digits):
    used = [row[:-1] for folder in ("reference", "holdout") for row in digits.trusted(folder)]
    for plan in DIGIT_BATCHES:
        pictures = digits.batch(plan) if plan.attack == "label_flip" else digits.clean_rows(plan)
        used += [row[:-1] for row in pictures]
    assert len(set(used)) == len(used)


def test_clean_rows_are_real_digits_with_true_labels(digits, known):
    for plan in DIGIT_BATCHES:
        assert all(known[row[:-1]] == row[-1] for row in digits.clean_rows(plan)), plan.name


def test_each_poison_is_what_it_claims(digits, known):
    for plan in DIGIT_BATCHES:
        for row in digits.poisoned_rows(plan):
            pixels = [int(cell) for cell in row[:-1]]
            assert known.get(row[:-1]) != row[-1], plan.name
            if plan.attack == "label_flip":
                assert row[:-1] in known
            elif plan.attack == "backdoor_trigger":
                assert row[-1] == "0"
                assert [pixels[i] for i in STAMPED] == [16] * 4
            elif plan.attack == "gaussian_noise":
                assert 0 <= min(pixels) <= max(pixels) <= 16
            else:
                assert min(pixels) < 0
                assert max(pixels) > 16


def test_no_clean_digit_carries_the_trigger(known):
    assert not any(all(int(row[i]) >= 12 for i in STAMPED) for row in known)


def test_the_honest_batch_has_other_shares(digits):
    (honest,) = [plan for plan in DIGIT_BATCHES if plan.classes]
    assert {row[-1] for row in digits.batch(honest)} == {"0", "1", "2", "3", "4"}
