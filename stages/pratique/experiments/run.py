"""Running the experiment of a folder: read its params and rows, run, write tables and pictures."""

from typing import Any

from pydantic import Field

from pratique.core import paths
from pratique.core.documents import read_yaml
from pratique.core.errors import PratiqueError
from pratique.core.sections import Section, parse
from pratique.core.writing import keep_only, round_floats, write_bytes, write_csv, write_json
from pratique.experiments.discovery import configure_experiment
from pratique.experiments.draw import draw_curves, draw_layer, standard_errors
from pratique.experiments.experiment import Curves, Experiment, Findings, Plane
from pratique.experiments.pair import read_pair
from pratique.experiments.places import FINDINGS, NUMBERS


class ExperimentParams(Section):
    """The params.yaml of an experiment's folder."""

    seed: int = Field(0, ge=0)
    label: str = Field(min_length=1)
    experiment: dict[str, dict[str, Any] | None]


def run_experiment() -> None:
    """Run what params.yaml of this folder asks for.

    Raises
    ------
    PratiqueError
        If that is no folder of an experiment, or its params or rows are wrong.
    """
    if not paths.PARAMS.is_file():
        raise PratiqueError(f"{paths.PARAMS}: not found; write an experiment's folder with `pratique sample --of NAME`")
    params = parse(ExperimentParams, read_yaml(paths.PARAMS), str(paths.PARAMS))
    experiment = configure_experiment({name: fields or {} for name, fields in params.experiment.items()})
    write_findings(experiment, experiment.run(read_pair(params.label), params.seed))


def write_findings(experiment: Experiment, found: Findings) -> None:
    """Write the table and the picture of each plot, the pictures of each plane, and the numbers."""
    written = []
    for name, curves in found.curves.items():
        plot = experiment.plots[name]
        written += [FINDINGS / f"{name}.csv", FINDINGS / f"{name}.png"]
        write_csv(written[-2], list_curves(plot.x, curves))
        write_bytes(written[-1], draw_curves(plot, curves))
    for name, plane in found.planes.items():
        written.append(FINDINGS / f"{name}.csv")
        write_csv(written[-1], list_plane(plane))
        for layer in plane.layers:
            written.append(FINDINGS / f"{layer}.png")
            write_bytes(written[-1], draw_layer(plane, layer))
    keep_only(FINDINGS, written)
    ends = {
        name: {line: float(values.mean(axis=0)[-1]) for line, values in curves.lines.items()}
        for name, curves in found.curves.items()
    }
    write_json(NUMBERS, round_floats(ends | {name: dict(values) for name, values in found.numbers.items()}))


def list_curves(x: str, curves: Curves) -> list[list[Any]]:
    """The lines of a table: means over repetitions, each with its standard error; empty for a single one."""
    header = [x, *(column for line in curves.lines for column in (line, f"{line}_se"))]
    columns = [
        column
        for values in curves.lines.values()
        for column in (values.mean(axis=0).tolist(), standard_errors(values).tolist())
    ]
    return [header, *map(list, zip(curves.x.tolist(), *columns, strict=True))]


def list_plane(plane: Plane) -> list[list[Any]]:
    """The lines of a table: a place, and each quantity there."""
    lines: list[list[Any]] = [["x", "y", *plane.layers]]
    for i, y in enumerate(plane.y):
        for j, x in enumerate(plane.x):
            lines.append([float(x), float(y), *(float(layer[i, j]) for layer in plane.layers.values())])
    return lines
