"""The folder of an experiment: rows, params and a pipeline of one stage, in which `dvc repro` works as it is."""

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pratique.core import paths
from pratique.experiments.discovery import load_experiment
from pratique.experiments.experiment import Experiment
from pratique.experiments.places import EXPERIMENT_ROWS, FINDINGS, NUMBERS
from pratique.scaffold.pipeline import Stage, dvc_yaml
from pratique.scaffold.samples.digits import DIGIT_LAYOUT, read_digits
from pratique.scaffold.samples.sample import to_csv

EXPERIMENT_STAGE = Stage(
    "experiment",
    deps=[str(EXPERIMENT_ROWS)],
    params=["seed", "label", "experiment"],
    outs=[{str(FINDINGS): {"cache": False}}],
    code=(),
    metrics=[{str(NUMBERS): {"cache": False}}],
)
COMPARED_DIGITS = ("0", "8")
CLOUD_ROWS = 400


def experiment_files(name: str) -> dict[Path, str]:
    """The text of every file of an experiment's folder, by its place in it."""
    kind = load_experiment(name)
    label, rows = ("cloud", draw_clouds()) if kind.planes else (DIGIT_LAYOUT.label, take_two_digits())
    return {
        paths.PARAMS: _params(name, kind, label),
        paths.PIPELINE: dvc_yaml((EXPERIMENT_STAGE,), plots=_plots(kind)),
        EXPERIMENT_ROWS / f"{label}s.csv": to_csv(rows),
        Path("data/README.md"): _page(name, kind, label),
    }


def take_two_digits() -> pa.Table:
    """The digits 0 and 8 of scikit-learn's copy."""
    digits = read_digits().table
    return digits.filter(pc.is_in(digits[DIGIT_LAYOUT.label], pa.array(COMPARED_DIGITS)))


def draw_clouds() -> pa.Table:
    """Two overlapping normal clouds in a plane: poison of one point changes what is learned there.

    Source: the covariance of Carnerero-Cano et al., 2023, with means that lie closer together.
    """
    rng = np.random.default_rng(0)
    targets = np.arange(CLOUD_ROWS) % 2
    x = rng.normal(2.0 * targets - 1, np.sqrt(2.5))
    y = rng.normal(0, np.sqrt(1.5), CLOUD_ROWS)
    return pa.table({"x": x, "y": y, "cloud": np.array(["left", "right"])[targets]})


def _params(name: str, kind: type[Experiment], label: str) -> str:
    """params.yaml: every field with its default and what it means."""
    lines = [
        "# Unknown keys are errors. More in data/README.md.",
        "seed: 0",
        f"label: {label}  # the column of data/rows that holds the two classes",
        "experiment:",
        f"  {name}:",
    ]
    for field, told in kind.model_fields.items():
        lines.append(f"    {field}: {json.dumps(told.default)}  # {told.description}")
    return "\n".join(lines) + "\n"


def _plots(kind: type[Experiment]) -> list[Any]:
    """What DVC shows: each table as curves, and each picture."""
    shown: list[Any] = []
    for name, plot in kind.plots.items():
        curve = {"x": plot.x, "y": list(plot.lines), "y_label": plot.y}
        shown += [{f"{FINDINGS}/{name}.csv": curve}, f"{FINDINGS}/{name}.png"]
    return shown + [f"{FINDINGS}/{layer}.png" for layers in kind.planes.values() for layer in layers]


def _page(name: str, kind: type[Experiment], label: str) -> str:
    """data/README.md: what is asked, where rows come from, and how to ask more."""
    origin = CLOUD_PAGE if kind.planes else DIGITS_PAGE
    thorough = ", ".join(f"`{field}: {json.dumps(value)}`" for field, value in kind.thorough.items())
    return EXPERIMENT_PAGE.format(
        name=name, about=inspect.getdoc(kind), findings=FINDINGS, numbers=NUMBERS, rows=EXPERIMENT_ROWS, origin=origin,
        thorough=thorough, label=label,
    )  # fmt: skip


EXPERIMENT_PAGE = """\
# The experiment {name}

{about}

`dvc repro` runs it: tables and pictures are in `{findings}`, numbers in `{numbers}`; `dvc plots show` draws the
tables, `dvc metrics show` prints the numbers. `params.yaml` has every field. For figures to rely upon set {thorough}.

## The rows

{origin}
To run it on rows of your own, put one file (CSV or Parquet) in the place of the one in `{rows}`: numbers of one unit,
as pixels are, and a column with two classes, which `label` in `params.yaml` names. For MNIST 0 against 8 set
`train_rows: 200`, `validation_rows: 100`, `test_rows: 2000`, `epochs: 150`, `rate: 0.1` and `step: 1.0`, as far as the
experiment has them.
"""

DIGITS_PAGE = """\
Handwritten digits 0 and 8, 8 x 8 pixels, of the copy that scikit-learn bundles: Optical Recognition of Handwritten
Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, [doi 10.24432/C50P49](https://doi.org/10.24432/C50P49),
licence [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/).
"""

CLOUD_PAGE = """\
Two made-up clouds in a plane, 200 rows each, normal with variances 2.5 and 1.5 around (-1, 0) and (1, 0).
"""
