"""Stage drill: poison copies of trusted rows, and measure what is caught and what it costs."""

from pratique.core.params import Params, load
from pratique.drill.artifacts import detail_files, model_file, write_artifacts
from pratique.drill.plan import cells
from pratique.drill.tables import Group, groups, write_tables
from pratique.drill.work import run_cells
from pratique.results.tracking import Run, is_tracking, track_runs


def main(jobs: int | None = None) -> None:
    """Write data/reports/drill."""
    params = load()
    planned = list(cells(params.drill))
    grouped = groups(planned, run_cells(planned, params, jobs))
    write_tables(grouped)
    write_artifacts(grouped)
    if is_tracking():
        _track(params, grouped)


def _track(params: Params, grouped: list[Group]) -> None:
    """A run for each exercise and rate, with the model that its first run poisoned."""
    shared = params.model_dump(mode="json", exclude={"drill"})
    runs = []
    for group in grouped:
        exercise = group.runs[0][0].exercise
        own = {
            "attack": exercise.kind,
            "rate": group.rate,
            "batches": exercise.batches,
            "poisoned_batches": exercise.poisoned_batches,
            "fields": exercise.attack.model_dump(mode="json"),
        }
        runs.append(Run(group.name, shared | own, group.metrics(), detail_files(group.name), model_file(group.name)))
    track_runs("pratique/drill", runs)
