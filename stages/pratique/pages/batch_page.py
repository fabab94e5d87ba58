"""The page of one batch: what is wrong, how sure, which rows, and what a release would cost."""

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pratique.core.errors import printable
from pratique.core.params import Params, TrainParams
from pratique.dossier.charts import Chart
from pratique.dossier.dossier import Dossier, DossierBuilder
from pratique.pages.draw import draw
from pratique.pages.form import DecisionForm
from pratique.provenance.record import Record
from pratique.results.price import MOST_PRICED, TREES, Price
from pratique.words import verdicts as words
from pratique.words.counts import RESULT_NOTE, count_batches, suggestions
from pratique.words.identity import identity_note
from pratique.words.numbers import join_list, percent, points

HISTORY = 60
"""Batches of a source that a page shows, the last by name."""
LEFT, RIGHT = 40, 600


@dataclass(frozen=True)
class Tick:
    """A mark on an axis."""

    x: str
    text: str


def batch_page(
    dossier: Dossier,
    desk: DossierBuilder,
    params: Params,
    waiting: Sequence[str],
    form: DecisionForm | None = None,
    at_gate: bool = False,
) -> str:
    """The page of one batch.

    Parameters
    ----------
    dossier : Dossier
    desk : Desk
    params : Params
    waiting : sequence of str
        The batches that wait for a decision, in the order of the queue.
    form : DecisionForm, optional
        Where people can decide on the page; without it, the page shows the commands that decide.
    at_gate : bool
        Whether it is the gate's page, which lies beside the record and knows no model.
    """
    facts = dossier.facts
    shown, total = desk.trusted_rows
    before, after = _around(facts.batch, waiting)
    return draw(
        "batch.html",
        dossier=dossier,
        headline=words.headline(facts),
        certainty=words.certainty(facts, params.alarms.alpha),
        gist=gist(dossier),
        advice=words.advice(facts, dossier.planted, dossier.repeats is not None),
        breaches=[breach for check in facts.checks for breach in check.breaches],
        commands=commands(facts, at_gate),
        releasable=releasable(facts),
        identity=identity_note(params),
        form=form,
        price=dossier.price and _draw_price(dossier.price),
        unpriced=params.trains and releasable(facts) and not desk.prices(facts),
        most_priced=MOST_PRICED,
        at_gate=at_gate,
        fewer_trees=tell_fewer_trees(params.train),
        ranked=_describe_ranking(dossier),
        pictured=bool(dossier.ranking.cards and dossier.ranking.cards[0].shown.picture),
        sampled=(f"{shown:,}", f"{total:,}") if shown < total else None,
        suggestions=suggestions(facts),
        label=printable(params.data.label),
        id_column=params.data.id and printable(params.data.id),
        pairs=describe_pairs(dossier.pairs) if dossier.pairs else "",
        history=_history(dossier.earlier),
        history_cap=HISTORY,
        rules=_rules(params, facts),
        result_note=RESULT_NOTE,
        before=before,
        after=after,
    )


def gist(dossier: Dossier) -> str:
    """What the batch is suspected of in its own terms: what suspects share, which labels look swapped, what moved."""
    if dossier.planted:
        return f"The suspects have in common: {'; '.join(trait.text for trait in dossier.traits)}."
    if words.is_about(dossier.facts, "distribution"):
        moved = [f"{chart.column} ({_describe_change(chart)})" for chart in dossier.charts]
        return f"What moved most: {join_list(moved, most=3)}." if moved else ""
    repeated = [pair for pair in dossier.pairs if pair[2] > 2]
    return f"{describe_pairs(repeated)}." if repeated else ""


def describe_pairs(pairs: Sequence[tuple[str, str, int]]) -> str:
    """Which labels the first suspects carry, and which one the trusted rows that are most like them do.

    Examples
    --------
    >>> describe_pairs([("yes", "no", 12), ("no", "yes", 3)])
    '12 of the first suspects say yes where the most similar trusted rows say no, 3 say no where those say yes'
    """
    (mine, theirs, count), *more = pairs
    first = f"{count} of the first suspects {_say(count)} {mine} where the most similar trusted rows say {theirs}"
    return ", ".join([first, *(f"{n} {_say(n)} {label} where those say {other}" for label, other, n in more)])


def _say(count: int) -> str:
    return "says" if count == 1 else "say"


def _describe_change(chart: Chart) -> str:
    levels = [f"{bar.name}: {percent(bar.trusted, 0)} → {percent(bar.batch, 0)}" for bar in chart.levels]
    return ", ".join(levels[:2]) or chart.note


def commands(facts: Record, at_gate: bool = False) -> dict[str, str]:
    """The exact commands that decide about a batch, by what they do; the first one is what most such batches need.

    Those on the gate's pages name its record, by its place in the folder that the pages lie in.
    """
    actions = ["release"] * releasable(facts) + ["reject"] * (facts.state != "rejected")
    if not words.is_honest_change(facts):
        actions.reverse()
    named = shlex.quote(facts.batch) + (f" --record {shlex.quote(f'records/{facts.batch}.json')}" if at_gate else "")
    return {action: f'pratique review {action} {named} --reason "…"' for action in actions}


def releasable(facts: Record) -> bool:
    """Whether a release would let rows in."""
    return facts.held and facts.fault is None and not facts.holds


def price_sentence(price: Price) -> str:
    """What a release would do, in one sentence."""
    rows = f"{price.rows:,} rows"
    if not price.worse and not price.better:
        return f"Releasing these {rows} changes no answer on {price.holdout:,} trusted rows."
    change = f"{percent(price.without)} to {percent(price.released)}"
    if price.low <= 0 <= price.high:
        told = f"Releasing these {rows} makes no sure difference: accuracy goes from {change}, within chance"
        return f"{told}; that does not clear them."
    verb = "costs accuracy" if price.difference < 0 else "gains accuracy"
    return f"Releasing these {rows} {verb}: from {change}."


def _draw_price(price: Price) -> dict[str, object]:
    """A price as the template draws it."""
    ends = [price.without, price.released, price.without + price.low, price.without + price.high]
    low, high = min(ends) - 0.005, max(ends) + 0.005

    def x(value: float) -> str:
        return f"{LEFT + (RIGHT - LEFT) * (value - low) / (high - low):.1f}"

    ticks = [low + (high - low) * i / 4 for i in range(5)]
    return {
        "sentence": price_sentence(price),
        "rows": f"{price.rows:,}",
        "holdout": f"{price.holdout:,}",
        "without": percent(price.without),
        "released": percent(price.released),
        "difference": points(price.difference),
        "low": points(price.low),
        "high": points(price.high),
        "worse": f"{price.worse:,}",
        "better": f"{price.better:,}",
        "hit": price.hit,
        "thinned": ""
        if price.thinned >= 1
        else f", of which one in {1 / price.thinned:,.0f} was taken, as of the accepted rows where they are many",
        "ticks": [Tick(x(value), percent(value)) for value in ticks],
        "without_x": x(price.without),
        "released_x": x(price.released),
        "low_x": x(price.without + price.low),
        "range": f"{max(2.0, float(x(price.without + price.high)) - float(x(price.without + price.low))):.1f}",
    }


def tell_fewer_trees(train: TrainParams) -> str:
    """Said where the priced models are smaller than the team's."""
    if not train.counts_trees or train.trees <= TREES:
        return ""
    return f"To be quick, both had {TREES} trees instead of {train.trees}."


def _describe_ranking(dossier: Dossier) -> str:
    """Which of the suspects stand first on the page."""
    ranking = dossier.ranking
    total = len(ranking.cards) + len(ranking.lines) + ranking.left_out
    if total == len(ranking.cards):
        return "Each is" if total > 1 else "It is"
    return f"The {len(ranking.cards)} most suspicious of {total:,}, each"


def _history(earlier: Sequence[Record]) -> str:
    states = Counter(facts.state for facts in earlier)
    parts = [f"{count:,} {words.STATES[state].lower()}" for state, count in states.most_common()]
    left_out = f"; the last {HISTORY} are shown" if len(earlier) > HISTORY else ""
    return f"{count_batches(len(earlier))}, {join_list(parts)}{left_out}."


def _rules(params: Params, facts: Record) -> dict[str, str]:
    alarms = params.alarms
    budget = f"{alarms.per_1000_batches:g} of 1,000 clean batches may be quarantined (alarms.per_1000_batches)"
    short = "" if facts.budget is None else facts.budget.warning
    return {
        "budget": f"{budget}. {short}" if short else budget,
        "rows": f"of rows held one by one, {percent(alarms.rows_fdr)} may be held wrongly (alarms.rows_fdr)",
        "shift": f"a batch that only shifted: {params.shift.policy} (shift.policy)",
    }


def _around(batch: str, waiting: Sequence[str]) -> tuple[str | None, str | None]:
    """The waiting batches before and after this one."""
    if batch not in waiting:
        return None, None
    at = waiting.index(batch)
    return (waiting[at - 1] if at else None), (waiting[at + 1] if at + 1 < len(waiting) else None)
