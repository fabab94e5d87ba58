"""Stage drill: poison copies of the team's own rows, and measure what is caught and what it costs."""

from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core.params import Params, load
from pratique.drill.artifacts import detail_files, write_artifacts
from pratique.drill.plan import cells
from pratique.drill.setting import Setting
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
    setting = Setting.read(params)
    shared = params.model_dump(mode="json", exclude={"drill"})
    with TemporaryDirectory() as folder:
        for group in grouped:
            cell = group.runs[0][0]
            model = Path(folder) / "model.skops"
            setting.poisoned_model(cell).save(model)
            own = {"attack": cell.exercise.kind, "rate": cell.rate, "batches": cell.exercise.batches}
            fields = {"fields": cell.exercise.attack.model_dump(mode="json")}
            run = Run(group.name, shared | own | fields, group.metrics(), detail_files(group.name), model)
            track_runs("pratique/drill", [run])
