"""The ways in which a batch may be poisoned, asked of all checks together; and what people read about any measurement.

A hypothesis has a name, words, and a share of the budget; what the reference teaches about it (log odds of rows and a
null) is in `hypothesis_tests.py` and `mean_shift.py`.
"""

from dataclasses import dataclass

from pratique.contract.check import DriftCheck
from pratique.contract.discovery import check_names, load_check
from pratique.contract.subject import ADVICE, Subject


@dataclass(frozen=True)
class Description:
    """What people read about a measurement.

    Attributes
    ----------
    alarm : str
        What its alarm means: a clause about the batch.
    advice : str
        What to do about it; empty where that depends on what the checks say.
    about : Subject, optional
        None where the rows are odd in any way.
    """

    alarm: str
    advice: str = ""
    about: Subject | None = None


@dataclass(frozen=True)
class Hypothesis:
    """One way in which a batch may be poisoned.

    Attributes
    ----------
    name : str
        Also the code of its alarm.
    description : Description
    budget_share : float, optional
        Of the budget for false alarms; None for what the others leave.
    """

    name: str
    description: Description
    budget_share: float | None = None


ROWS = Hypothesis("rows", Description("its rows look poisoned, by all checks together"))
FLIPS = Hypothesis("flips", Description("its labels look flipped", ADVICE["labels"], "labels"), 0.25)
MIMICRY = Hypothesis("mimicry", Description("its rows look like blends of two classes", ADVICE["features"]), 0.10)
MEAN_SHIFT = Hypothesis(
    "mean_shift",
    Description(
        "some of its rows moved together in the same columns",
        "A part of the rows moved together in the columns below, out of step with what else these rows say: a sensor "
        "that drifts now and then, or a slow push. Ask the source what these rows have in common; release only if "
        "there is an honest answer.",
        "distribution",
    ),
    0.07,
)
HYPOTHESES = {each.name: each for each in (ROWS, FLIPS, MIMICRY, MEAN_SHIFT)}
SEPARATE_FAMILIES = (FLIPS, MIMICRY)
"""Families of attacks that are asked about by themselves: what they do to a row is little, among all attacks less."""


def describe(name: str) -> Description:
    """What people read about a check or a hypothesis; its name where this version knows neither."""
    if name in HYPOTHESES:
        return HYPOTHESES[name].description
    if name not in check_names():
        return Description(name)
    check = load_check(name)
    return Description(check.alarm, check.advice, check.about)


def may_be_honest(name: str) -> bool:
    """Whether an alarm says no more than what honest change leads to: distributions that moved."""
    return name in check_names() and issubclass(load_check(name), DriftCheck)


def budget_share(name: str) -> float | None:
    """The share of the budget that a measurement asks for; None for an even part of the rest."""
    if name in HYPOTHESES:
        return HYPOTHESES[name].budget_share
    return load_check(name).budget_share if name in check_names() else None
