"""Stage train: fit the model on the reference and the accepted rows, and on nothing else."""

from pratique.core import paths
from pratique.core.params import load
from pratique.tables.trusted import read_reference
from pratique.training.manifest import list_cleared_files, make_manifest
from pratique.training.models import train
from pratique.training.rows import read_training


def main() -> None:
    """Write data/model: the model, and the digests of what it learned from."""
    params = load()
    files = list_cleared_files()
    rows = read_training(read_reference(params.data), params)
    train(rows, params.train, params.seed).save(paths.MODEL / "model.skops")
    make_manifest(files, len(rows), params).save()
