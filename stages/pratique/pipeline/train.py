"""Stage train: fit the model on accepted rows, and on nothing else."""

from pratique.core import paths
from pratique.core.params import load
from pratique.training.manifest import cleared_files, manifest
from pratique.training.models import train
from pratique.training.rows import accepted


def main() -> None:
    """Write data/model: the model, and the digests of what it learned from."""
    params = load()
    files = cleared_files()
    rows = accepted(params.data)
    train(rows, params.train, params.seed).save(paths.MODEL / "model.skops")
    manifest(files, len(rows), params).save()
