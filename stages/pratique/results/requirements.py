"""Requirements: which of what params.yaml asks of the model's figures is met, broken, or can't be decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pratique.contract.audit import plain_name
from pratique.core import paths
from pratique.core.params import Params
from pratique.core.requirement import Requirement
from pratique.results.measures import Estimates, Measures, parse_measures, read_metrics, unflatten_estimates
from pratique.statistics.resampling import Estimate

RequirementState = Literal["broken", "undecidable", "met"]
STATE_ORDER: tuple[RequirementState, ...] = ("broken", "undecidable", "met")
"""What asks for something to be done comes first."""
OF_THE_MODEL = "accepted"
"""The section of the metrics that is about the model which is shipped."""


@dataclass(frozen=True)
class JudgedRequirement:
    """One requirement, held to one figure.

    Attributes
    ----------
    figure : str
    requirement : Requirement
    estimate : Estimate, optional
        None where nothing measured it.
    """

    figure: str
    requirement: Requirement
    estimate: Estimate | None

    @property
    def state(self) -> RequirementState:
        """Met or broken where the whole interval is on one side; what is on both can't be decided."""
        if self.estimate is None:
            return "undecidable"
        low, high = self.estimate.low, self.estimate.high
        least, most = self.requirement.min, self.requirement.max
        if (least is not None and high < least) or (most is not None and low > most):
            return "broken"
        return "met" if (least is None or low >= least) and (most is None or high <= most) else "undecidable"


def judge_requirements(requirements: Mapping[str, Requirement], figures: Estimates) -> tuple[JudgedRequirement, ...]:
    """Hold each requirement to its figure, or to all that its name stands for: `flips` is `flips[spam]`, too.

    Sorted by what asks for something to be done, then as params.yaml has them.
    """
    judged = [
        JudgedRequirement(name, requirement, figures.get(name))
        for asked, requirement in requirements.items()
        for name in _find_names(asked, figures)
    ]
    return tuple(sorted(judged, key=lambda each: STATE_ORDER.index(each.state)))


def judge_run(params: Params) -> tuple[JudgedRequirement, ...]:
    """Hold the requirements to the figures of the last run; what has not run has no figures.

    Raises
    ------
    PratiqueError
        If metrics are damaged.
    """
    place = paths.AUDIT_JSON
    audit = parse_measures(place.read_bytes(), str(place)) if place.is_file() else {}
    return judge_requirements(params.requirements, select_figures(read_metrics() or {}, audit, params.audits))


def select_figures(metrics: Measures, audit: Measures, audits: Iterable[str]) -> Estimates:
    """The figures of the model that is shipped, from the metrics and from what audits found."""
    sections = [metrics.get(OF_THE_MODEL, {}), *(audit.get(name, {}) for name in audits)]
    return {name: found for section in sections for name, found in unflatten_estimates(section).items()}


def _find_names(asked: str, figures: Estimates) -> list[str]:
    return [name for name in figures if asked in (name, plain_name(name))] or [asked]
