"""Stage train: fit the model on the reference and the accepted rows, and on nothing else."""

from pratique.core import paths
from pratique.core.params import PLAIN_TRAINING, load
from pratique.tables.trusted import read_reference
from pratique.training.estimator import require_dependencies
from pratique.training.fairness import FAIRNESS_FILE, make_fair
from pratique.training.manifest import list_cleared_files, make_manifest
from pratique.training.models import Model, learn
from pratique.training.rows import read_training
from pratique.training.weights import WEIGHTS, write_fairness, write_weights


def main() -> None:
    """Write data/model: the model, the digests of what it learned from, and how rows counted unless all do alike.

    A model that could not be read back, because it holds a type that nobody lists, is an error here and not later.
    """
    params = load()
    require_dependencies(params.train)
    files = list_cleared_files()
    reference = read_reference(params.data)
    rows = read_training(reference, params)
    model, weights = learn(rows, params.train, params.seed, trusted=reference)
    model.save(paths.MODEL_FILE)
    WEIGHTS.unlink(missing_ok=True)
    if params.train.method != PLAIN_TRAINING:
        write_weights(weights, reference.layout)
    FAIRNESS_FILE.unlink(missing_ok=True)
    if params.train.fairness is not None:
        write_fairness(rows, make_fair(rows, params.train.fairness), reference)
    Model.load(paths.MODEL_FILE, params.train.trusts)
    make_manifest(files, len(rows), params).save()
