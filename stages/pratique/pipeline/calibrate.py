"""Stage calibrate: learn from trusted rows what normal looks like, and how often it looks odd."""

from pratique.core import paths
from pratique.core.params import load
from pratique.core.screen import say
from pratique.detector.detector import Detector
from pratique.detector.folds import MOST_LEARNED_ROWS
from pratique.tables.reading import read_trusted_if_any
from pratique.tables.trusted import read_reference


def main() -> None:
    """Calibrate every check of params.yaml on data/reference."""
    params = load()
    holdout = read_trusted_if_any(paths.HOLDOUT, params.data.ignore, params.data.image_size)
    reference = read_reference(params.data)
    detector = Detector.learn(reference, params, holdout)
    detector.save_profile()
    if detector.profile.rows == MOST_LEARNED_ROWS < len(reference):
        say(f"{paths.REFERENCE}: learned from {MOST_LEARNED_ROWS:,} of {len(reference):,} rows, drawn by the seed")
    if detector.adequacy.warning:
        say(f"{paths.REFERENCE}: {detector.adequacy.warning}", error=True)
