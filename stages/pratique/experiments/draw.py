"""Pictures of what an experiment found, as PNG; equal findings give equal bytes."""

import io
from typing import TYPE_CHECKING

import numpy as np

from pratique.experiments.experiment import Curves, Plane, Plot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
INCHES = (6.4, 4.4)


def draw_curves(plot: Plot, curves: Curves) -> bytes:
    """Lines with their standard errors."""
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context("default"):
        figure = Figure(figsize=INCHES, layout="constrained")
        axes = figure.subplots()
        for marker, (name, values) in zip(MARKERS, curves.lines.items(), strict=False):
            told, errors = name.replace("_", " "), np.nan_to_num(standard_errors(values))
            axes.errorbar(curves.x, values.mean(axis=0), errors, label=told, marker=marker, capsize=3)
        axes.set_xlabel(plot.x.replace("_", " "))
        axes.set_ylabel(plot.y)
        axes.grid(alpha=0.3)
        axes.legend()
        return _to_png(figure)


def draw_layer(plane: Plane, layer: str) -> bytes:
    """One quantity over a plane, and the rows in it."""
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context("default"):
        figure = Figure(figsize=INCHES, layout="constrained")
        axes = figure.subplots()
        filled = axes.contourf(plane.x, plane.y, plane.layers[layer], levels=20, cmap="viridis")
        figure.colorbar(filled, label=layer.replace("_", " "))
        for target, marker, colour in ((0, "o", "white"), (1, "^", "#ff7f0e")):
            mine = plane.points[plane.targets == target]
            axes.scatter(
                mine[:, 0], mine[:, 1], marker=marker, c=colour, edgecolors="black", label=f"class {target + 1}"
            )
        axes.legend()
        return _to_png(figure)


def standard_errors(values: np.ndarray) -> np.ndarray:
    """Of the means over repetitions; NaN for a single one."""
    if len(values) < 2:
        return np.full(values.shape[1], np.nan)
    return np.asarray(values.std(axis=0, ddof=1) / np.sqrt(len(values)))


def _to_png(figure: "Figure") -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
