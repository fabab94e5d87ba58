"""Stage train: fit the model on accepted rows, and on nothing else."""

from stages.core import paths
from stages.core.errors import run
from stages.core.hashing import sha256_file
from stages.core.params import load
from stages.core.writing import write_json
from stages.training.models import train
from stages.training.rows import accepted, accepted_files


def main() -> None:
    """Write data/model: the model, and the digests of the batches that it learned from."""
    params = load()
    rows = accepted(params.data)
    train(rows, params.train, params.seed).save(paths.MODEL / "model.skops")
    manifest = {
        "model": params.train.model,
        "rows": len(rows),
        "batches": [{"path": path.as_posix(), "sha256": sha256_file(path)} for path in accepted_files()],
    }
    write_json(paths.MODEL / "manifest.json", manifest)


if __name__ == "__main__":
    run(main)
