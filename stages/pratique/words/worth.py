"""What the gate was worth, in sentences: a difference within chance is said to be within chance."""

from collections.abc import Mapping

from pratique.core.text import shorten
from pratique.results.answers import SUCCESS
from pratique.results.comparison import Comparison
from pratique.statistics.resampling import Estimate
from pratique.words.numbers import number, percent, points

MODELS = {
    "accepted": "with the gate",
    "everything": "without the gate",
    "reference": "the reference alone",
}
"""The models that are compared, by what each stands for."""

PLURALS = {"source": "sources", "batch": "batches"}


def worth_sentences(found: Comparison) -> list[str]:
    """What the gate and the new data were worth, and what triggers do, a sentence each."""
    lines = [
        difference("The gate was worth", found.gate["accuracy"]),
        difference("The new data were worth", found.new_data["accuracy"]),
    ]
    if SUCCESS in found.gate:
        without, gated = (found.models[name][SUCCESS] for name in ("everything", "accepted"))
        lines.append(
            f"Triggers found in quarantined batches work {in_100(without)} without the gate, {in_100(gated)} with it."
        )
    return lines


def difference(begin: str, found: Estimate) -> str:
    """A difference of accuracies in a sentence.

    Examples
    --------
    >>> difference("The gate was worth", Estimate(0.016, 0.006, 0.026))
    'The gate was worth +1.6 points of accuracy (+0.6 to +2.6).'
    >>> difference("The gate was worth", Estimate(0.001, -0.006, 0.008))
    'The gate was worth +0.1 points of accuracy (−0.6 to +0.8), which is within chance.'
    """
    chance = ", which is within chance" if found.within_chance else ""
    return f"{begin} {points(found.value)} points of accuracy ({points(found.low)} to {points(found.high)}){chance}."


def in_100(share: Estimate) -> str:
    """How often something happens.

    Examples
    --------
    >>> in_100(Estimate(0.01, 0.0, 0.02)), in_100(Estimate(0.978, 0.97, 0.99))
    ('1 time of 100', '98 times of 100')
    """
    count = round(100 * share.value)
    return f"{count} time{'' if count == 1 else 's'} of 100"


def interval(found: Estimate) -> str:
    """The ends of an interval of a share.

    Examples
    --------
    >>> interval(Estimate(0.95, 0.94, 0.961))
    '94 to 96.1 %'
    """
    return f"{percent(found.low).removesuffix(' %')} to {percent(found.high)}"


def show_value(value: float | str) -> str:
    """A cell of a batch as people may see it.

    Examples
    --------
    >>> show_value(4.2), show_value("red")
    ('4.2', "'red'")
    """
    return f"'{shorten(value)}'" if isinstance(value, str) else number(value)


def method_sentence(method: str, weights: Mapping[str, float]) -> str:
    """How the models were trained, and how many accepted rows counted little.

    Examples
    --------
    >>> method_sentence("small_loss", {"rows": 1900, "rows_of_little_weight": 37})
    'All three models were trained by small_loss; 37 of 1,900 accepted rows counted for less than half.'
    """
    said = f"All three models were trained by {method}"
    if not weights:
        return f"{said}."
    little, rows = (f"{weights[name]:,.0f}" for name in ("rows_of_little_weight", "rows"))
    return f"{said}; {little} of {rows} accepted rows counted for less than half."


def certified_sentence(unit: str, found: Mapping[int, Estimate]) -> str:
    """What is certified, in a sentence: the largest number of replaced sources or batches that leaves most rows right.

    Examples
    --------
    >>> estimates = {0: Estimate(0.94, 0.9, 0.96), 1: Estimate(0.9, 0.88, 0.92), 2: Estimate(0.3, 0.2, 0.4)}
    >>> certified_sentence("batch", estimates)
    'Whatever any 1 batch holds, a vote of models is right on at least 90 % of the holdout (of 94 %).'
    """
    kept = [replaced for replaced, share in found.items() if replaced and share.value >= found[0].value / 2]
    most = max(kept, default=1)
    what = f"{unit} holds" if most == 1 else f"{PLURALS[unit]} hold"
    return (
        f"Whatever any {most} {what}, a vote of models is right on at least {percent(found[most].value)} of the "
        f"holdout (of {percent(found[0].value)})."
    )
