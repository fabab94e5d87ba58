"""Requirements as people say them: what is asked, what was measured, what to do."""

from collections.abc import Iterable, Mapping

from pratique.contract.audit import Audit, plain_name
from pratique.core.requirement import Requirement
from pratique.core.text import say_count
from pratique.results.requirements import STATE_ORDER, JudgedRequirement
from pratique.words.numbers import number

RETRAIN = (
    "Look at what was let in last, and reject what is wrong: `pratique status`, `pratique review reject BATCH`; then "
    "`dvc repro`. Until then serve the baseline: `pratique baseline --to FOLDER`. Where the world has moved, promote "
    "rows of today and calibrate anew: `pratique promote BATCH`, `dvc repro`. Where rows of one region alone are "
    "wrong, leave them out of training: `pratique exclude 'COLUMN > VALUE'`, `dvc repro`."
)
"""What to do where a figure of the comparison breaks a requirement."""
NOT_MEASURED = "Nothing measures it: name the audit that does under `audits` in params.yaml, then `dvc repro`."
TOO_WIDE = "The interval holds the bound: more rows in data/holdout make it narrower, then `dvc repro`."


def tell_bound(requirement: Requirement) -> str:
    """What is asked.

    Examples
    --------
    >>> tell_bound(Requirement(min=0.8)), tell_bound(Requirement(min=0, max=2))
    ('at least 0.8', 'at least 0 and at most 2')
    """
    ends = [("at least", requirement.min), ("at most", requirement.max)]
    return " and ".join(f"{words} {value:g}" for words, value in ends if value is not None)


def tell_measured(judged: JudgedRequirement) -> str:
    """What was measured, with its interval."""
    if judged.estimate is None:
        return "not measured"
    found = judged.estimate
    return f"{number(found.value)} ({number(found.low)} to {number(found.high)})"


def tell_remedy(judged: JudgedRequirement, audits: Mapping[str, type[Audit]]) -> str:
    """What to do about a requirement that is not met; nothing about one that is."""
    if judged.state == "met":
        return ""
    if judged.estimate is None:
        return NOT_MEASURED
    if judged.state == "undecidable":
        return TOO_WIDE
    own = (audit.remedies for audit in audits.values())
    return next((told[plain_name(judged.figure)] for told in own if plain_name(judged.figure) in told), RETRAIN)


def tell_requirement(judged: JudgedRequirement) -> str:
    """One line about one requirement."""
    return f"{judged.state}: {judged.figure} is {tell_measured(judged)}, required: {tell_bound(judged.requirement)}"


def count_states(judged: Iterable[JudgedRequirement]) -> str:
    """How many requirements are broken, undecidable and met; empty where there are none."""
    states = [each.state for each in judged]
    counts = {state: states.count(state) for state in STATE_ORDER if state in states}
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"{say_count(len(states), 'requirement')}: {told}" if states else ""
