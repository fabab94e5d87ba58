"""Stage audit: measure what the trained model itself shows."""

from pratique.pipeline.audit import main
from pratique.pipeline.entry import run

if __name__ == "__main__":
    run(main)
