"""Which batches a run prices: every newly accepted row changes the price of each."""

from pratique.dossier.dossier import DossierBuilder
from pratique.pages import queue_page
from pratique.pages.queue_page import list_priced


def test_the_most_suspicious_that_wait_are_priced_and_no_more(make_record, monkeypatch):
    monkeypatch.setattr(queue_page, "MOST_PRICED", 2)
    waiting = [make_record(batch=f"crowd/w{i}", p_value=10.0**-i) for i in (1, 3, 2)]
    decided = make_record(batch="crowd/w9", p_value=0.0, decision="reject")
    assert list_priced([*waiting, decided]) == ["crowd/w3", "crowd/w2"]


def test_a_batch_that_is_not_asked_about_has_no_price(make_record):
    class Builder(DossierBuilder):
        """With a price for whatever it is asked of."""

        def __init__(self, priced):
            self._priced = priced
            self._pricing = type("Pricing", (), {"of": lambda self, facts: facts.batch})()

    one, other = make_record(batch="crowd/w1"), make_record(batch="crowd/w2")
    some, every = Builder(("crowd/w1",)), Builder(None)
    assert [some.price(one), some.price(other)] == ["crowd/w1", None]
    assert [every.price(one), every.price(other)] == ["crowd/w1", "crowd/w2"]
    assert [some.prices(one), some.prices(other)] == [True, False]
