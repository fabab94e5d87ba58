"""Stage evaluate: compare models with and without the gate on the holdout."""

from pratique.pipeline.entry import run
from pratique.pipeline.evaluate import main

if __name__ == "__main__":
    run(main)
