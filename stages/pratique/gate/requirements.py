"""Requirements at the gate: what a change itself says of the model that it brings.

The gate trains no model. A change that says of its own model that it breaks a requirement is taken at its word; what it
says to its credit is a claim, which `pratique verify --retrain` computes once more.
"""

from pathlib import Path

from pratique.core import paths
from pratique.gate.base import read_policy
from pratique.gate.changes import Change, Refusal
from pratique.gate.replay import claims_results
from pratique.results.measures import Measures, parse_measures
from pratique.results.requirements import judge_requirements, select_figures
from pratique.words.requirements import tell_requirement

MEASURED = (paths.METRICS_JSON, paths.AUDIT_JSON)
REQUIREMENT_REMEDY = "`pratique requirements` says what to do"


def refuse_requirements(change: Change) -> list[Refusal]:
    """The requirements of the base that the figures of the change do not meet, where the base asks for it.

    Raises
    ------
    PratiqueError
        If the figures of the change are damaged.
    """
    params = read_policy(change.base)
    if not params.gate.requirements or not _brings_figures(change):
        return []
    metrics, audit = (_read(change, place) for place in MEASURED)
    judged = judge_requirements(params.requirements, select_figures(metrics, audit, params.audits))
    return [
        Refusal(str(paths.AUDIT_JSON), tell_requirement(each), REQUIREMENT_REMEDY)
        for each in judged
        if each.state != "met"
    ]


def _brings_figures(change: Change) -> bool:
    """Whether the change brings another model, or says something else of it."""
    return claims_results(change) or any(str(place) in change.touched for place in MEASURED)


def _read(change: Change, place: Path) -> Measures:
    name = str(place)
    return parse_measures(change.head.read(name), name) if name in change.head.entries else {}
