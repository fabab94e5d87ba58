"""Runs tracked in MLflow, where the extra is installed: the only module that knows it.

A store is no output of the pipeline: it has a clock, and it may be shared. A run whose content is there already is
not written again.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_file, sha256_folder, sha256_json
from pratique.core.version import __version__

if TYPE_CHECKING:
    from mlflow import MlflowClient

URI = "MLFLOW_TRACKING_URI"
DEFAULT_URI = "sqlite:///mlflow.db"
RUN_KEY_TAG = "pratique.sha256"
LOADER = "pratique.results.served"
"""The module with which MLflow reads a model back."""
SHORT = 36
"""Characters of a data set's digest that a store takes; the whole digest is a tag."""


@dataclass(frozen=True)
class Run:
    """What is tracked of one run.

    Attributes
    ----------
    name : str
    params : dict of str to any
        JSON; what is nested is flattened, with dots.
    metrics : dict of str to float
    files : sequence of Path
    model : Path
        The archive of its model.
    """

    name: str
    params: dict[str, Any]
    metrics: dict[str, float]
    files: Sequence[Path]
    model: Path


def is_tracking() -> bool:
    """Whether runs are tracked: the extra is installed, and the variable is not set to nothing."""
    return os.environ.get(URI) != "" and find_spec("mlflow") is not None


def track_runs(experiment: str, runs: Sequence[Run]) -> None:
    """Write runs to the store that MLFLOW_TRACKING_URI names, `mlflow.db` in this folder if none is named.

    Raises
    ------
    PratiqueError
        If the store can't be reached or refuses a run.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # what the data is like is nobody else's business
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # the default waits for minutes
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    uri = os.environ.get(URI, DEFAULT_URI)
    data = sha256_folder(paths.ACCEPTED)
    try:
        client = MlflowClient(uri)
        known = client.get_experiment_by_name(experiment)
        place = client.create_experiment(experiment) if known is None else known.experiment_id
        for run in runs:
            _write(client, place, run, data)
    except MlflowException as error:
        reason = " ".join(str(error).split())
        raise PratiqueError(f"{URI}: {uri}: {reason:.200}; correct it, or set it to nothing to track no run") from error


def _write(client: "MlflowClient", experiment: str, run: Run, data: str) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param

    model = sha256_file(run.model)
    content = [run.name, run.params, run.metrics, sorted(map(sha256_file, run.files)), model, data]
    tags = {RUN_KEY_TAG: sha256_json(content), "pratique.data.sha256": data, "pratique.model.sha256": model}
    if client.search_runs(
        [experiment], f"tags.`{RUN_KEY_TAG}` = '{tags[RUN_KEY_TAG]}' and attributes.status = 'FINISHED'"
    ):
        return
    started = client.create_run(experiment, run_name=run.name, tags=tags).info
    client.log_batch(
        started.run_id,
        metrics=[Metric(name, value, started.start_time, 0) for name, value in run.metrics.items()],
        params=[Param(key, value) for key, value in _flat(run.params).items()],
    )
    source = json.dumps({"uri": paths.ACCEPTED.as_posix()})
    rows = Dataset("accepted", data[:SHORT], "local", source)
    client.log_inputs(started.run_id, [DatasetInput(rows, [InputTag("mlflow.data.context", "training")])])
    for path in run.files:
        client.log_artifact(started.run_id, str(path))
    with TemporaryDirectory() as folder:
        client.log_artifacts(started.run_id, _export_model(run.model, Path(folder)), "model")
    client.set_terminated(started.run_id)


def _export_model(archive: Path, folder: Path) -> str:
    """The archive in a folder that MLflow's own loader reads: `MLmodel`, and what has to be installed."""
    from mlflow import pyfunc

    place = str(folder / "model")
    needed = [f"pratique=={__version__}"]
    pyfunc.save_model(place, loader_module=LOADER, data_path=str(archive), pip_requirements=needed)
    return place


def _flat(params: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Params without nesting, as text.

    Examples
    --------
    >>> _flat({"train": {"model": "random_forest", "trees": 200}, "seed": 0})
    {'train.model': 'random_forest', 'train.trees': '200', 'seed': '0'}
    """
    flat: dict[str, str] = {}
    for key, value in params.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value if isinstance(value, str) else json.dumps(value)
    return flat
