"""Stage train: fit the model on cleared rows."""

from pratique.pipeline.entry import run
from pratique.pipeline.train import main

if __name__ == "__main__":
    run(main)
