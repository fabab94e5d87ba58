"""Running cells in parallel processes; only those that no earlier run has kept."""

from collections.abc import Iterator, Sequence

from pratique.core import paths
from pratique.core.params import Params
from pratique.core.processes import count_processes, map_in_processes
from pratique.core.progress import show_progress
from pratique.core.screen import say
from pratique.core.writing import write_text
from pratique.drill.outcome import Outcome, keep_outcomes, read_outcome, write_outcome
from pratique.drill.plan import Cell
from pratique.drill.setting import Setting


def run_cells(cells: Sequence[Cell], params: Params, jobs: int | None = None) -> list[Outcome]:
    """The outcome of each cell.

    Parameters
    ----------
    cells : sequence of Cell
    params : Params
    jobs : int, optional
        Processes; as many as there are processors, unless it is given. The outcomes don't depend on it.
    """
    setting = Setting.read(params)
    if shortage := setting.describe_shortage(cells):
        say(shortage, error=True)
    keys = [setting.key(cell) for cell in cells]
    outcomes = {key: outcome for key in keys if (outcome := read_outcome(key)) is not None}
    missing = {key: cell for key, cell in zip(keys, cells, strict=True) if key not in outcomes}
    if any(cell.cleared for cell in missing.values()):
        setting.prepare()
    computed = _compute(list(missing.values()), setting, count_processes(jobs, len(missing)))
    for key, outcome in zip(missing, show_progress(computed, "drilling", len(missing)), strict=True):
        write_outcome(key, outcome)
        outcomes[key] = outcome
    keep_outcomes(keys)
    write_text(paths.CACHE / ".gitignore", "*\n")  # in any repository: what is kept is no output
    return [outcomes[key] for key in keys]


def _compute(cells: list[Cell], setting: Setting, processes: int) -> Iterator[Outcome]:
    """The outcomes in the order of the cells."""
    if processes < 2:
        return map(setting.run, cells)
    return map_in_processes(_run, cells, processes, _start, (setting.params,), "drill")


def _start(params: Params) -> None:
    """Prepare a worker process."""
    global _setting
    _setting = Setting.read(params)


def _run(cell: Cell) -> Outcome:
    return _setting.run(cell)


_setting: Setting
"""Of a worker process."""
