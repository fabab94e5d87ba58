"""Stage report: write the pages that people decide on."""

from pratique.pipeline.entry import run
from pratique.pipeline.report import main

if __name__ == "__main__":
    run(main)
