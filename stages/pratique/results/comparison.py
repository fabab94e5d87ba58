"""What the gate was worth: models with and without it, compared on the holdout by paired intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.results.answers import Answers, score_answers
from pratique.results.measures import (
    COMPARED_MODELS,
    Estimates,
    Measures,
    flatten_estimates,
    foreign,
    read_metrics,
    unflatten_estimates,
)
from pratique.statistics.resampling import Estimate, resample

DIFFERENCES = {"gate": ("accepted", "everything"), "new_data": ("accepted", "reference")}
"""What the gate was worth, and what the new data were: one model's figures minus another's."""


@dataclass(frozen=True)
class Comparison:
    """Figures of each model, and their differences.

    Attributes
    ----------
    models : dict of str to dict of str to Estimate
        By model and measure.
    gate, new_data : dict of str to Estimate
        By measure: with the gate minus without it, and what was accepted minus the reference alone.
    """

    models: dict[str, Estimates]
    gate: Estimates
    new_data: Estimates

    def to_measures(self) -> Measures:
        """The figures as metrics: `accuracy`, `accuracy_low`, `accuracy_high`, and so for each."""
        sections = self.models | {"gate": self.gate, "new_data": self.new_data}
        return {name: flatten_estimates(estimates) for name, estimates in sections.items()}

    @classmethod
    def of_measures(cls, metrics: Measures, place: str) -> "Comparison":
        """Read the figures back from metrics; `place` says in an error where they stood.

        Raises
        ------
        PratiqueError
            If a figure is missing.
        """
        try:
            models = {name: unflatten_estimates(metrics[name]) for name in COMPARED_MODELS}
            found = cls(models, unflatten_estimates(metrics["gate"]), unflatten_estimates(metrics["new_data"]))
            if any("accuracy" not in each for each in (*models.values(), found.gate, found.new_data)):
                raise KeyError("accuracy")
        except KeyError as error:
            raise foreign(place) from error
        return found


def compare(answers: Mapping[str, Answers], holdout: Batch, groups: Mapping[str, np.ndarray], seed: int) -> Comparison:
    """Compare models by their answers about the holdout.

    Parameters
    ----------
    answers : mapping of str to Answers
        Of each of `COMPARED_MODELS`, the same number of trainings of each.
    holdout : Batch
    groups : mapping of str to ndarray of bool, shape (rows of the holdout,)
        Rows whose accuracy is told apart, by the name of that measure.
    seed : int
    """
    by_class = holdout.layout.label not in holdout.layout.personal

    def measure(weights: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
        return {
            (name, key): values
            for name, given in answers.items()
            for key, values in score_answers(given, holdout.labels, groups, weights, by_class).items()
        }

    trainings = len(next(iter(answers.values())).predicted)
    draws = resample(measure, len(holdout), trainings, seed)
    names = list(dict.fromkeys(key for _, key in draws))

    def estimate(model: str, other: str | None = None) -> Estimates:
        there = [name for name in names if all((side, name) in draws for side in filter(None, (model, other)))]
        return {
            name: Estimate.of(draws[model, name] - (0.0 if other is None else draws[other, name])) for name in there
        }

    return Comparison(
        {name: estimate(name) for name in answers}, estimate(*DIFFERENCES["gate"]), estimate(*DIFFERENCES["new_data"])
    )


def slice_rows(holdout: Batch, columns: Sequence[str]) -> dict[str, np.ndarray]:
    """Rows of the holdout by each level of a text column, or by halves of a numeric one, under the measure's name.

    Raises
    ------
    PratiqueError
        If the holdout has no such feature, or it is personal.
    """
    found: dict[str, np.ndarray] = {}
    layout = holdout.layout
    for column in columns:
        if column not in layout.kinds or column in layout.personal:
            raise PratiqueError(f"params.yaml: evaluate.slices: '{column}' is no feature that may be shown; name one")
        if column in layout.numeric:
            cells = holdout.numeric[:, layout.numeric.index(column)]
            middle = float(np.nanmedian(cells)) if not np.isnan(cells).all() else 0.0
            found |= {
                f"accuracy_{column}<={middle:g}": cells <= middle,
                f"accuracy_{column}>{middle:g}": cells > middle,
            }
        else:
            cells = holdout.categorical[:, layout.categorical.index(column)]
            found |= {f"accuracy_{column}={level}": cells == level for level in sorted(set(cells))}
    return {name: rows for name, rows in found.items() if rows.any()}


def read_comparison() -> Comparison | None:
    """The comparison of this run; None where evaluate has not run.

    Raises
    ------
    PratiqueError
        If its metrics are damaged.
    """
    metrics = read_metrics()
    return None if metrics is None else Comparison.of_measures(metrics, str(paths.METRICS_JSON))
