"""The files of an experiment's folder, relative to it."""

from pathlib import Path

from pratique.core.paths import REPORTS

EXPERIMENT_ROWS = Path("data/rows")
FINDINGS = REPORTS / "experiment"
NUMBERS = REPORTS / "experiment.json"
