"""Stage calibrate: learn from trusted rows what normal looks like, and how often it looks odd."""

import sys

from stages.calibration.learn import calibrate
from stages.calibration.profile import save
from stages.calibration.promise import Promise
from stages.core import paths
from stages.core.errors import run
from stages.core.params import load
from stages.core.reading import read_trusted


def main() -> None:
    """Calibrate every check of params.yaml on data/reference."""
    params = load()
    profile = calibrate(read_trusted(paths.REFERENCE), params)
    save(profile)
    short = Promise(params.alarms.per_1000_batches, profile.rows).short
    if short:
        print(f"{paths.REFERENCE}: {short}", file=sys.stderr)


if __name__ == "__main__":
    run(main)
