"""Computing once more what the pipeline computed, in a folder of its own, and holding what lies here to that.

The folder holds what people bring and nothing else: no result, no digest and no cache of the one that is verified.
"""

import contextlib
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.gate.pointers import parse_lock
from pratique.lineage.claim import Claim, not_verified
from pratique.lineage.history import lay_out_inputs
from pratique.pipeline import audit, calibrate, evaluate, ingest, report, train, validate
from pratique.quarantine.clear import EXAMINATIONS
from pratique.results.agreement import agrees
from pratique.training.estimator import reach_code
from pratique.words.counts import count_batches


@dataclass(frozen=True)
class Step:
    """A stage, and where it writes, by what that is called; `taken` is what it reads that is not computed here.

    The ledger is the order in which batches came, which nothing that came in tells.
    """

    run: Callable[[], object]
    writes: dict[str, tuple[Path, ...]]
    taken: tuple[Path, ...] = ()


STEPS = (
    Step(calibrate.main, {"profile": (paths.PROFILE,)}),
    Step(ingest.main, {"batches": (paths.BATCHES,)}),
    Step(
        validate.main,
        {
            "accepted and quarantined rows": (paths.ACCEPTED, paths.QUARANTINE),
            "records": (paths.RECORDS,),
            "tables of batches and rows": (paths.BATCHES_CSV, paths.ROWS_PARQUET),
        },
    ),
)
"""What follows from inputs and params, up to the verdicts."""
MODEL_STEPS = (
    Step(train.main, {"model": (paths.MODEL,)}),
    Step(evaluate.evaluate, {"metrics": (paths.METRICS_JSON, paths.TRIGGERS, paths.CONFUSION)}),
    Step(audit.main, {"audits": (paths.AUDIT_JSON, paths.AUDIT_PAGE)}),
)
"""What follows from the rows that were accepted, where the pipeline trains."""
PAGES_STEP = Step(
    report.write_pages,
    {"pages": (paths.INDEX, paths.REFERENCE_PAGE, paths.PAGES)},
    taken=(paths.DRILL_METRICS, paths.LEDGER),
)


def recompute(steps: Sequence[Step], sample: int | None) -> list[Claim]:
    """A claim about each kind of result.

    Parameters
    ----------
    steps : sequence of Step
        In the order in which they run.
    sample : int, optional
        How many batches to examine anew, drawn at random; the examinations of the others are taken from those that an
        earlier run kept. All if None.
    """
    home, claims, made = Path.cwd(), [], _list_made()
    reach_code(home)
    with TemporaryDirectory(prefix="pratique-") as name:
        room = Path(name)
        lay_out_inputs(room)
        taken = [] if sample is None else _take_examinations(room, sample)
        with contextlib.chdir(room):
            waiting = iter(steps)
            for step in waiting:
                try:
                    for taken_as_it_is in step.taken:
                        _take(taken_as_it_is, home)
                    step.run()
                except PratiqueError as error:
                    claims.append(Claim(", ".join(step.writes), "", (str(error),)))
                    left = [name for later in waiting for name in later.writes]
                    return claims + [not_verified(name, "what it follows from can't be computed") for name in left]
                if step.run is validate.main:
                    claims.append(_claim_verdicts(sum(path.is_file() for path in taken)))
                claims += [_claim(step, name, home, made) for name in step.writes]
    return claims


def _take_examinations(room: Path, sample: int) -> list[Path]:
    """Take what earlier runs kept, but for what shall be examined anew, which nobody can foresee; the paths taken."""
    kept = sorted(EXAMINATIONS.glob("*.npz"))
    anew = set(random.SystemRandom().sample(kept, min(sample, len(kept))))
    taken = [path for path in kept if path not in anew]
    for path in taken:
        (room / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, room / path)
    return taken


def _claim_verdicts(taken: int) -> Claim:
    """How many verdicts stand on a fresh examination; what was taken and was of no use is no longer there."""
    batches = len(list(paths.RECORDS.glob("*/*.json")))
    if not taken:
        return Claim("verdicts", f"computed, {count_batches(batches)} examined anew")
    return not_verified("verdicts", f"{taken} of {batches} follow from examinations that an earlier run kept")


def _list_made() -> list[Path]:
    """What the lock names and what lies here: of anything else a run has not come so far."""
    try:
        locked = parse_lock(paths.LOCK.read_bytes(), None) if paths.LOCK.is_file() else {}
    except PratiqueError:
        locked = {}  # which is a fault of its own
    outputs = [Path(output) for stage in locked.values() for output in stage.outputs]
    return [*outputs, *(path for path in paths.MODEL.parent.rglob("*") if path.is_file())]


def _take(path: Path, home: Path) -> None:
    """Take what is not computed as it lies at home."""
    if (home / path).is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(home / path, path)


def _claim(step: Step, name: str, home: Path, made: list[Path]) -> Claim:
    places = step.writes[name]
    if not any(path.is_relative_to(place) for path in made for place in places):
        return not_verified(name, "nothing of it is here; `dvc repro` makes it")
    support = "computed"
    for taken in filter(Path.is_file, step.taken):
        if taken != paths.LEDGER:  # a claim of its own is about it
            support += f", but for {taken}, which is not verified"
    return Claim.of(name, support, lambda: (fault for place in places for fault in _find_differing(place, home)))


def _find_differing(place: Path, home: Path) -> Iterator[str]:
    """The files at or below a place, computed here and lying at home, that are not the same."""
    computed, there = _list_files(Path(), place), _list_files(home, place)
    for path in sorted(computed | there):
        if path not in computed:
            yield f"{path}: nothing that came in gives it; run `dvc repro`"
        elif path not in there:
            yield f"{path}: not here; `dvc pull` it, or run `dvc repro`"
        elif not agrees(path, (home / path).read_bytes()):
            yield f"{path}: not what is computed from what came in; run `dvc repro`"


def _list_files(folder: Path, place: Path) -> set[Path]:
    found = ((folder / place), *(folder / place).rglob("*"))
    return {path.relative_to(folder) for path in found if path.is_file() or path.is_symlink()}
