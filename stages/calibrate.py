"""Stage calibrate: learn from trusted rows what normal looks like, and how often it looks odd."""

from stages.calibration.learn import calibrate
from stages.calibration.profile import save
from stages.core import paths
from stages.core.errors import run
from stages.core.params import load
from stages.core.reading import read_trusted


def main() -> None:
    """Calibrate every check of params.yaml on data/reference."""
    params = load()
    reference = read_trusted(paths.REFERENCE)
    save(calibrate(reference, params), reference.num_rows)


if __name__ == "__main__":
    run(main)
