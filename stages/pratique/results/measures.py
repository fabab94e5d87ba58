"""Metrics as evaluate and the drill wrote them: measures by name, of each model or of each attack at a rate."""

from collections.abc import Mapping

from pydantic import FiniteFloat, TypeAdapter, ValidationError

from pratique.core import paths
from pratique.core.checksums import CHECKSUMS, Checksums
from pratique.core.documents import parse_json
from pratique.core.errors import PratiqueError
from pratique.statistics.resampling import Estimate

Measures = dict[str, dict[str, float]]
Estimates = dict[str, Estimate]
COMPARED_MODELS = ("accepted", "everything", "reference")
"""The models that evaluate compares: with the gate, without it, and of the reference alone."""


def parse_measures(text: str | bytes, place: str) -> Measures:
    """Read metrics; `place` says in an error where they stood.

    Raises
    ------
    PratiqueError
        If they are not measures by name.
    """
    try:
        return TypeAdapter(dict[str, dict[str, FiniteFloat]]).validate_python(parse_json(text, place), strict=True)
    except (PratiqueError, ValidationError) as error:
        raise foreign(place) from error


def read_drill_metrics() -> Measures:
    """The metrics of this run's drill; empty where it has not run.

    Raises
    ------
    PratiqueError
        If they are damaged.
    """
    if not paths.DRILL_METRICS.is_file():
        return {}
    return parse_measures(paths.DRILL_METRICS.read_bytes(), str(paths.DRILL_METRICS))


def read_metrics() -> Measures | None:
    """The metrics of this run; None where evaluate has not run.

    Raises
    ------
    PratiqueError
        If they are gone or damaged.
    """
    if not (has_evaluated() or paths.METRICS_JSON.is_file()):
        return None
    return parse_measures(Checksums.read(paths.CONFUSION).read_bytes(paths.METRICS_JSON), str(paths.METRICS_JSON))


def has_evaluated() -> bool:
    """Whether evaluate has run."""
    return (paths.CONFUSION / CHECKSUMS).is_file()


def read_weights() -> dict[str, float]:
    """How many accepted rows counted little, as evaluate wrote it; empty where training is plain.

    Raises
    ------
    PratiqueError
        If the metrics are damaged.
    """
    return (read_metrics() or {}).get("weights", {})


def flatten_estimates(estimates: Mapping[str, Estimate]) -> dict[str, float]:
    """Figures as metrics: `accuracy`, `accuracy_low`, `accuracy_high`, and so for each."""
    flat: dict[str, float] = {}
    for name, found in estimates.items():
        ends = {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
        flat |= {key: round(value, 6) for key, value in ends.items()}
    return flat


def unflatten_estimates(flat: Mapping[str, float]) -> Estimates:
    """Figures that stand in metrics with both ends of their intervals."""
    names = [name for name in flat if f"{name}_low" in flat and f"{name}_high" in flat]
    return {name: Estimate(flat[name], flat[f"{name}_low"], flat[f"{name}_high"]) for name in names}


def foreign(place: str) -> PratiqueError:
    """What to say of metrics that the pipeline did not write."""
    return PratiqueError(f"{place}: not as the pipeline wrote it; run `dvc repro` again")
