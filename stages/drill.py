"""Stage drill: poison copies of the team's own rows, and measure what is caught and what it costs."""

from stages.core.errors import run
from stages.core.params import load
from stages.drilling.artifacts import write_artifacts
from stages.drilling.plan import cells
from stages.drilling.tables import groups, write_tables
from stages.drilling.work import run_cells


def main(jobs: int | None = None) -> None:
    """Write data/reports/drill."""
    params = load()
    planned = list(cells(params.drill))
    grouped = groups(planned, run_cells(planned, params, jobs))
    write_tables(grouped)
    write_artifacts(grouped)


if __name__ == "__main__":
    run(main)
