"""Stage train: fit the model on the reference and the accepted rows, and on nothing else."""

import numpy as np

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.params import PLAIN_TRAINING, TrainParams, load
from pratique.tables.trusted import read_reference
from pratique.training.estimator import require_dependencies
from pratique.training.exclusion import EXCLUDED_FILE, NO_REGION, locate_regions
from pratique.training.fairness import FAIRNESS_FILE, make_fair
from pratique.training.manifest import list_cleared_files, make_manifest
from pratique.training.models import Model, learn
from pratique.training.rows import read_training
from pratique.training.weights import WEIGHTS, locate_training, write_excluded, write_fairness, write_weights


def main() -> None:
    """Write data/model: the model, the digests of what it learned from, which rows did not count, and which otherwise.

    A model that could not be read back, because it holds a type that nobody lists, is an error here and not later.
    """
    params = load()
    require_dependencies(params.train)
    files = list_cleared_files()
    reference = read_reference(params.data)
    rows = read_training(reference, params)
    model, weights = learn(rows, params.train, params.seed, trusted=reference)
    model.save(paths.MODEL_FILE)
    for place in (WEIGHTS, FAIRNESS_FILE, EXCLUDED_FILE):
        place.unlink(missing_ok=True)
    if params.train.method != PLAIN_TRAINING:
        write_weights(weights, reference.layout)
    kept = _list_changes(rows, reference, params.train)
    Model.load(paths.MODEL_FILE, params.train.trusts)
    make_manifest(files, kept, params).save()


def _list_changes(rows: Batch, reference: Batch, params: TrainParams) -> int:
    """Write which rows are excluded, and which are learned otherwise than they stand; how many are learned."""
    if not params.exclude and params.fairness is None:
        return len(rows)
    found, places = locate_regions(rows, params.exclude), locate_training(rows, reference)
    kept = np.flatnonzero(found == NO_REGION)
    if params.exclude:
        write_excluded(places, found, params.exclude)
    if params.fairness is not None:
        learned = rows.take(kept)
        write_fairness(learned, make_fair(learned, params.fairness), places.take(kept))
    return len(kept)
