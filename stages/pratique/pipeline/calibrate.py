"""Stage calibrate: learn from trusted rows what normal looks like, and how often it looks odd."""

from pratique.core import paths
from pratique.core.params import load
from pratique.core.screen import say
from pratique.detector.detector import Detector
from pratique.tables.reading import read_trusted, read_trusted_if_any


def main() -> None:
    """Calibrate every check of params.yaml on data/reference."""
    params = load()
    detector = Detector.learn(read_trusted(paths.REFERENCE), params, read_trusted_if_any(paths.HOLDOUT))
    detector.save_profile()
    if detector.adequacy.warning:
        say(f"{paths.REFERENCE}: {detector.adequacy.warning}", error=True)
