"""Stage calibrate: learn from trusted rows what normal looks like, and how often it looks odd."""

from pratique.pipeline.calibrate import main
from pratique.pipeline.entry import run

if __name__ == "__main__":
    run(main)
