"""The sentence at the top of a page that says in the batch's own terms what is wrong."""

from pratique.core.params import TrainParams
from pratique.dossier.charts import Bars, Chart
from pratique.dossier.dossier import Dossier
from pratique.dossier.suspects import Ranking
from pratique.dossier.traits import Trait
from pratique.pages.batch_page import gist, tell_fewer_trees


def about(facts, traits=(), pairs=(), charts=()):
    return gist(Dossier(facts, None, Ranking((), (), 0), traits, None, pairs, None, charts, 0, ()))


def test_a_planted_pattern_is_named_with_the_label_that_it_carries(make_record):
    traits = (
        Trait("a and b each is 16 in 100 % of the suspects", True, 20.0),
        Trait("y is 'cat' in 100 %", False, 9.0),
    )
    said = about(make_record(), traits)
    assert said == "The suspects have in common: a and b each is 16 in 100 % of the suspects; y is 'cat' in 100 %."


def test_a_shift_alone_is_told_by_what_moved(make_record, alarm):
    charts = (
        Chart("y", levels=(Bars("cat", 0.1, 0.2), Bars("dog", 0.3, 0.2), Bars("cow", 0.6, 0.6))),
        Chart("size", note="mean 1 in trusted rows, 2 in the batch"),
    )

    def alarmed(*names):
        return make_record(alarms=names, checks=tuple(alarm(name) for name in names))

    said = about(alarmed("shift"), charts=charts)
    moved = "y (cat: 10 % → 20 %, dog: 30 % → 20 %) and size (mean 1 in trusted rows, 2 in the batch)"
    assert said == f"What moved most: {moved}."
    assert about(alarmed("mean_shift"), charts=charts) == said
    assert about(alarmed("mean_shift", "rows"), charts=charts) == ""
    assert about(alarmed("shift")) == ""


def test_swaps_are_named_where_they_repeat_and_not_where_they_are_chance(make_record):
    assert about(make_record(), pairs=(("3", "8", 2), ("1", "7", 1))) == ""
    said = about(make_record(), pairs=(("3", "8", 5), ("1", "7", 1)))
    assert said == "5 of the first suspects say 3 where the most similar trusted rows say 8."


def test_smaller_models_are_owned_up_to():
    assert "20 trees instead of 100" in tell_fewer_trees(TrainParams(model="random_forest", trees=100))
    assert tell_fewer_trees(TrainParams(model="random_forest", trees=20)) == ""
    assert tell_fewer_trees(TrainParams(model="logistic_regression")) == ""
