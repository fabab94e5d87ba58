"""Stage drill: poison copies of the team's own rows, measure what is caught and what it costs."""

from pratique.pipeline.drill import main
from pratique.pipeline.entry import run

if __name__ == "__main__":
    run(main)
