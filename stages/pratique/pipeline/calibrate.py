"""Stage calibrate: learn from trusted rows what normal looks like, and how often it looks odd."""

import sys

from pratique.core import paths
from pratique.core.params import load
from pratique.detector.adequacy import Promise
from pratique.detector.calibrate import calibrate
from pratique.detector.profile import save
from pratique.tables.reading import read_trusted


def main() -> None:
    """Calibrate every check of params.yaml on data/reference."""
    params = load()
    profile = calibrate(read_trusted(paths.REFERENCE), params)
    save(profile)
    short = Promise(params.alarms.per_1000_batches, profile.rows).short
    if short:
        print(f"{paths.REFERENCE}: {short}", file=sys.stderr)
