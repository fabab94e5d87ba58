"""Stage train: fit the model on accepted rows, and on nothing else."""

from stages.core import paths
from stages.core.errors import run
from stages.core.params import load
from stages.training.manifest import cleared_files, manifest
from stages.training.models import train
from stages.training.rows import accepted


def main() -> None:
    """Write data/model: the model, and the digests of what it learned from."""
    params = load()
    files = cleared_files()
    rows = accepted(params.data)
    train(rows, params.train, params.seed).save(paths.MODEL / "model.skops")
    manifest(files, len(rows), params).save()


if __name__ == "__main__":
    run(main)
