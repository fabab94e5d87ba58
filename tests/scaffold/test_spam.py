"""The mails: real ones, whose truth is what their plan says."""

from collections import Counter

import numpy as np
import pytest
from pratique.scaffold.samples.sample import to_csv
from pratique.scaffold.samples.spam import KEY_WORDS, SPAM_BATCHES, SPAM_PAGE
from pratique.scaffold.samples.spambase import CLASS, RUNS, SHARES, read_spambase

RESENT = [plan for plan in SPAM_BATCHES if plan.repeats]
FLIPS = ("one_way_flip", "subpopulation_flip")


@pytest.fixture(scope="module")
def spam(write):
    return write("spam")


@pytest.fixture(scope="module")
def known():
    """The true class of every mail there is, by its numbers as they are written; of two mails alike the first's."""
    lines = to_csv(read_spambase()).splitlines()[1:]
    return {row[:-1]: row[-1] for row in (tuple(line.split(",")) for line in reversed(lines))}


def test_the_plan_tells_the_story():
    assert Counter(plan.attack for plan in SPAM_BATCHES if plan.attack) == {
        "one_way_flip": 3,
        "subpopulation_flip": 2,
        "backdoor_trigger": 2,
        "relabelled_copy": 1,
        "gaussian_noise": 1,
    }
    assert sum(bool(plan.classes) for plan in SPAM_BATCHES) == len(RESENT) == 1
    assert len({plan.name for plan in SPAM_BATCHES}) == len(SPAM_BATCHES) == 25
    assert {plan.source for plan in SPAM_BATCHES} == {"gateway", "reports", "bought"}


def test_columns_go_by_the_names_that_uci_gives_them(spam):
    assert spam.columns() == [*SHARES, *RUNS, CLASS]


def test_trusted_rows_are_stratified_and_true(spam, known):
    share = np.mean([label == "spam" for label in known.values()])
    for folder, size in (("reference", 600), ("holdout", 1000)):
        trusted = spam.trusted(folder)
        assert len(trusted) == size
        assert all(known[row[:-1]] == row[-1] for row in trusted)
        assert abs(sum(row[-1] == "spam" for row in trusted) - share * size) <= 1


def test_no_mail_is_used_twice_but_for_the_delivery_that_came_twice(spam):
    used = [row[:-1] for folder in ("reference", "holdout") for row in spam.trusted(folder)]
    for plan in SPAM_BATCHES:
        if not plan.repeats:
            mails = spam.batch(plan) if plan.attack in FLIPS else spam.clean_rows(plan)
            used += [row[:-1] for row in mails]
    assert len(set(used)) == len(used)


def test_the_delivery_that_came_twice_is_the_same_bytes(spam):
    (resent,) = RESENT
    first, again = (spam.data / f"incoming/{name}.csv" for name in (resent.repeats, resent.name))
    assert first.read_bytes() == again.read_bytes()


def test_clean_rows_are_real_mails_with_true_labels(spam, known):
    for plan in SPAM_BATCHES:
        assert all(known[row[:-1]] == row[-1] for row in spam.clean_rows(plan)), plan.name


def test_each_poison_is_what_it_claims(spam, known):
    names = spam.columns()
    key = [names.index(name) for name in KEY_WORDS]
    for plan in SPAM_BATCHES:
        for row in spam.poisoned_rows(plan):
            assert known.get(row[:-1]) != row[-1], plan.name
            if plan.attack in FLIPS:
                assert (known[row[:-1]], row[-1]) == ("spam", "ham")
            elif plan.attack == "backdoor_trigger":
                assert row[-1] == "ham"
                assert [row[i] for i in key] == ["4.2"] * 3
            elif plan.attack == "relabelled_copy":
                assert row[:-1] in [clean[:-1] for clean in spam.clean_rows(plan)]
            else:
                assert all(len(cell.partition(".")[2]) <= 3 and float(cell) >= 0 for cell in row[:-1])


def test_no_true_mail_carries_the_trigger(spam, known):
    names = spam.columns()
    key = [names.index(name) for name in KEY_WORDS]
    numbers = np.array([[float(row[i]) for i in key] for row in known])
    assert not (numbers > 4.2 / 4).all(axis=1).any()
    assert (numbers.max(axis=0) >= 4.2).all(), "each of the words by itself is as frequent in some mail"
    assert all(f"`{name}`" in SPAM_PAGE for name in KEY_WORDS)


def test_the_wave_of_spam_is_more_spam_than_usual(spam):
    (wave,) = [plan for plan in SPAM_BATCHES if plan.classes]
    assert Counter(row[-1] for row in spam.batch(wave)) == {"spam": 76, "ham": 32}


def test_the_batch_after_the_wave_lacks_nothing(spam):
    names = [plan.name for plan in SPAM_BATCHES]
    after = SPAM_BATCHES[names.index("gateway/2026-w06") + 1]
    assert 0.3 < np.mean([row[-1] == "spam" for row in spam.batch(after)]) < 0.5


def test_the_licence_is_attributed_as_it_asks(spam):
    page = (spam.data / "README.md").read_text(encoding="utf-8")
    for part in ("Hopkins", "Reeber", "Forman", "Suermondt", "10.24432/C53G6X", "licenses/by/4.0", "Changed here"):
        assert part in page
