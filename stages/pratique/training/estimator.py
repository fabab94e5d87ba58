"""A team's own model: a factory of scikit-learn compatible classifiers that params.yaml names.

The factory is code of the team's, which runs wherever a model is trained: in the stages, never in the gate.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pratique.core import paths
from pratique.core.documents import read_yaml
from pratique.core.errors import PratiqueError
from pratique.core.hashing import find_package, sha256_json, sha256_sources
from pratique.core.params import TrainParams
from pratique.core.text import one_line

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

PLACE = f"{paths.PARAMS}: train.estimator"
LIBRARY_TYPES = {
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRFClassifier",
}
"""What classifiers of known libraries are made of, beyond the types of scikit-learn that skops lists itself."""
TRAINING_STAGES = ("train", "evaluate", "audit", "drill", "report")
"""The stages that train a model; `report` does for the price of a release."""
SEED_LIMIT = 2**31
"""Some libraries take a seed of 31 bits only."""


def fit_estimator(
    params: TrainParams, seed: int, points: np.ndarray, targets: np.ndarray, hidden: bool
) -> "ClassifierMixin":
    """Make a classifier with the factory that params.yaml names, and fit it.

    Parameters
    ----------
    params : TrainParams
    seed : int
        What every `random_state` of the classifier and of its parts becomes.
    points : ndarray of float, shape (rows, dimensions)
    targets : ndarray of int, shape (rows,)
        Classes, counted from 0.
    hidden : bool
        Whether cells of the rows may not be shown, and so no text of an error that may hold some.

    Raises
    ------
    PratiqueError
        If the factory can't be imported or called, makes no classifier, or the classifier can't be fitted.
    """
    estimator = _make(params, seed)
    with blaming("`fit` of its model", hidden):
        estimator.fit(points, targets)
    return estimator


def depends_on_seed(params: TrainParams) -> bool:
    """Whether trainings with different seeds may differ: where something takes a `random_state`."""
    return bool(_list_parameters(_make(params, 0), "random_state"))


@contextmanager
def blaming(what: str, hidden: bool) -> Iterator[None]:
    """Turn whatever code of a team's own raises into an error of one line; without its text where cells are hidden."""
    try:
        yield
    except (Exception, SystemExit) as error:  # a module that ends the program would end a stage without a word
        text = "" if hidden else f": {one_line(error)}"
        raise PratiqueError(f"{PLACE}: {what} failed ({type(error).__name__}{text})") from error


def reach_code(folder: Path) -> None:
    """Let modules of a folder be imported: after those that are installed, so that none of these is replaced."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def digest_sources(params: TrainParams) -> str | None:
    """SHA-256 of the package that has the factory, none of whose code is run; None without an estimator."""
    return None if params.estimator is None else sha256_sources(_find_code(params.estimator))


def digest_estimator(params: TrainParams) -> str | None:
    """SHA-256 of what a training follows beside rows and params; None without an estimator.

    Of the factory's package, and of the versions of the libraries that its classifier is made of.
    """
    if params.estimator is None:
        return None
    estimator = _make(params, 0)
    parts = [estimator, *_parameters(estimator).values()]
    libraries = {type(part).__module__.partition(".")[0] for part in parts}
    versions = {name: str(getattr(sys.modules.get(name), "__version__", "")) for name in libraries}
    return sha256_json([digest_sources(params), versions])


def require_dependencies(params: TrainParams) -> None:
    """Refuse a pipeline in which an edit of the factory trains nothing anew.

    Raises
    ------
    PratiqueError
        If the factory's file lies in this folder, and a stage that trains does not depend on it.
    """
    if params.estimator is None or not paths.PIPELINE.is_file():
        return
    here, package = Path.cwd().resolve(), _find_code(params.estimator).resolve()
    if not package.is_relative_to(here) or "site-packages" in package.parts:
        return
    code = package.relative_to(here)
    missing = [stage for stage, deps in _read_dependencies() if not any(_overlap(code, dep) for dep in deps)]
    if missing:
        raise PratiqueError(
            f"{paths.PIPELINE}: {', '.join(missing)}: no dependency on {code}, so that an edit of train.estimator "
            f"would train nothing anew; add `- {code}` to the deps of each"
        )


def _read_dependencies() -> Iterator[tuple[str, list[Path]]]:
    """The stages of dvc.yaml that train, each with what it depends on."""
    pipeline: Any = read_yaml(paths.PIPELINE)
    stages = pipeline.get("stages") if isinstance(pipeline, dict) else None
    for name, stage in (stages if isinstance(stages, dict) else {}).items():
        if name in TRAINING_STAGES and isinstance(stage, dict):
            yield name, [Path(dep) for dep in stage.get("deps") or () if isinstance(dep, str)]


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _find_code(estimator: str) -> Path:
    """Where the package of the factory lies."""
    reach_code(Path.cwd())
    return find_package(estimator.partition(":")[0], PLACE)


def _make(params: TrainParams, seed: int) -> Any:
    """A classifier that is not fitted yet, every part of it seeded and held to one thread."""
    module, _, name = str(params.estimator).partition(":")
    _find_code(str(params.estimator))
    with blaming(f"importing '{module}'", hidden=False):
        factory = getattr(importlib.import_module(module), name, None)
    if not callable(factory):
        raise PratiqueError(f"{PLACE}: '{module}' has no function or class '{name}'")
    with blaming(f"calling '{name}' with train.params", hidden=False):
        estimator = factory(**params.params)
    if not (hasattr(estimator, "fit") and hasattr(estimator, "predict")):
        kind = type(estimator).__name__
        raise PratiqueError(f"{PLACE}: '{name}' gave a {kind}; expected a classifier with `fit` and `predict`")
    seeds = dict.fromkeys(_list_parameters(estimator, "random_state"), seed % SEED_LIMIT)
    threads = {key: 1 for key, value in _list_parameters(estimator, "n_jobs").items() if value is None}
    if seeds or threads:
        with blaming(f"setting {', '.join({**seeds, **threads})} of its model", hidden=False):
            estimator.set_params(**seeds, **threads)
    return estimator


def _parameters(estimator: Any) -> dict[str, Any]:
    """The parameters of a classifier and of its parts, as scikit-learn names them."""
    if not hasattr(estimator, "get_params"):
        return {}
    with blaming("`get_params` of its model", hidden=False):
        return dict(estimator.get_params(deep=True))


def _list_parameters(estimator: Any, name: str) -> dict[str, Any]:
    """The parameters of that name, of the classifier and of its parts."""
    return {key: value for key, value in _parameters(estimator).items() if key.rpartition("__")[2] == name}
