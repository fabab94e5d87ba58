"""Stage validate: measure every batch, judge it, put each row in exactly one place."""

from pratique.pipeline.entry import run
from pratique.pipeline.validate import main

if __name__ == "__main__":
    run(main)
