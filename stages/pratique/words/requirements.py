"""Requirements as people say them: what is asked, what was measured, what to do."""

import re
from collections.abc import Iterable, Mapping, Sequence

from pratique.contract.audit import Audit, plain_name
from pratique.core.requirement import Requirement
from pratique.core.text import say_count
from pratique.results.requirements import STATE_ORDER, JudgedRequirement
from pratique.words.numbers import number

RETRAIN = (
    "1. Until it is mended, serve the last good model: `pratique baseline --to FOLDER`. "
    "2. Look at what was let in last, and reject what is wrong: `pratique status`, "
    '`pratique review reject BATCH --reason "…"`, `dvc repro`. '
    "3. Where rows of one region alone are wrong, leave them out: `pratique exclude 'COLUMN > VALUE'`, `dvc repro`. "
    "4. Where the world has moved, promote rows of today and calibrate anew: `pratique promote BATCH`, `dvc repro`."
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
    if found.low == found.high:
        return number(found.value)
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


def split_steps(remedy: str) -> list[str]:
    """A remedy as its steps, which are numbered where there are several.

    Examples
    --------
    >>> split_steps("1. Look. 2. Act.")
    ['1. Look.', '2. Act.']
    """
    return re.split(r" (?=[2-9]\. )", remedy) if remedy else []


def tell_answer(judged: Sequence[JudgedRequirement]) -> str:
    """Whether a model may ship, in a sentence; empty where nothing is required."""
    if not judged:
        return ""
    broken, open_ = (sum(each.state == state for each in judged) for state in ("broken", "undecidable"))
    if broken:
        return f"No: {say_count(broken, 'requirement')} of {len(judged)} {'is' if broken == 1 else 'are'} broken."
    if open_:
        return f"Nobody can say: {open_} of {say_count(len(judged), 'requirement')} can't be decided."
    return "Yes: it meets all that is required."


def tell_requirement(judged: JudgedRequirement) -> str:
    """One line about one requirement."""
    return f"{judged.state}: {judged.figure} is {tell_measured(judged)}, required: {tell_bound(judged.requirement)}"


def count_states(judged: Iterable[JudgedRequirement]) -> str:
    """How many requirements are broken, undecidable and met; empty where there are none."""
    states = [each.state for each in judged]
    counts = {state: states.count(state) for state in STATE_ORDER if state in states}
    told = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"{say_count(len(states), 'requirement')}: {told}" if states else ""
