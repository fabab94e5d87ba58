"""Results that a change brings, held to what the gate computes from the batches.

What a run writes is a pure function of batches, decisions, ledger and policy. So the gate runs it again, on batches and
decisions of the change, policy of the base and ledger of where the change branched off, and the results must agree.
Metrics, pages and the drill are ignored, and made again after the merge; a model is not verified here.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.hashing import md5_file
from pratique.core.writing import write_bytes
from pratique.decisions import ledger
from pratique.gate.changes import MAX_LEDGER_BYTES, Change, Refusal, is_decision
from pratique.gate.pointers import LockedStage, parse_output
from pratique.provenance.record import Record
from pratique.quarantine.clearing import clear_all
from pratique.results.agreement import agrees
from pratique.tables.intake import ingest_all
from pratique.tables.limits import MAX_FILE_BYTES

COMPUTED_PLACES = (
    paths.PROFILE, paths.BATCHES, paths.ACCEPTED, paths.QUARANTINE, paths.RECORDS,
    paths.BATCHES_CSV, paths.ROWS_PARQUET,
)  # fmt: skip
MADE_AGAIN = (paths.MODEL, paths.REPORTS)
REPLAY_REMEDY = "take results and ledger of the base, and run `dvc repro` once; or bring no results"


def list_results(change: Change) -> list[str]:
    """The files of the change that claim results which the gate can compute, sorted; none where it brings none."""
    in_git = [path for path in change.touched if _is_below(path, (*COMPUTED_PLACES, paths.LEDGER))]
    return sorted([*in_git, *([str(paths.LOCK)] if _relocks(change, (*COMPUTED_PLACES, paths.LEDGER)) else [])])


def claims_results(change: Change) -> bool:
    """Whether the change says that anything has been made anew, whether the gate computes that or not."""
    return bool(list_results(change)) or _relocks(change, MADE_AGAIN)


def list_unverified(change: Change) -> list[str]:
    """What the change claims to have made, and the gate does not compute."""
    before, after = (_outputs(there.stages) for there in (change.before, change.after))
    model = str(paths.MODEL)
    locked = model in after and after[model] != before.get(model)
    return [model] if locked or any(_is_below(path, (paths.MODEL,)) for path in change.touched) else []


def refuse_strange_stages(change: Change) -> list[Refusal]:
    """Stages of dvc.lock that are not the pipeline's, and came with data: they take a change of their own."""
    before, after = change.before.stages, change.after.stages
    known = (*COMPUTED_PLACES, paths.LEDGER, *MADE_AGAIN, paths.INCOMING)
    what = "data" if change.brings else "results of a run"
    return [
        Refusal(str(paths.LOCK), f"stage '{name}' comes together with {what}", f"split the change: stage {name} apart")
        for name, stage in sorted(after.items())
        if before.get(name) != stage and not all(_is_below(path, known) for path in stage.outputs)
    ]


def refuse_results(change: Change) -> list[Refusal]:
    """Compute in the current folder, which holds the policy of the base; the first of the results that differs.

    Raises
    ------
    PratiqueError
        If an object that is claimed can't be fetched.
    """
    _lay_out(change)
    if change.after.files:
        ingest_all()
        clear_all()
    for place in COMPUTED_PLACES:
        differing = _find_difference(change, place)
        if differing is not None:
            return [Refusal(differing, "not what the gate computes from the batches", REPLAY_REMEDY)]
    return _refuse_entries(change)


def _lay_out(change: Change) -> None:
    for path in change.after.files:
        change.after.lay_out(path)
    for name in change.head.below(paths.DECISIONS):
        if is_decision(name):
            write_bytes(Path(name), change.head.read(name))
    _restore_ledger(change)


def _restore_ledger(change: Change) -> None:
    name = str(paths.LEDGER)
    write_bytes(paths.LEDGER, change.fork.read(name, MAX_LEDGER_BYTES) if name in change.fork.entries else b"")


def _find_difference(change: Change, place: Path) -> str | None:
    """The first file at or below a place whose content is not what was computed; None where nothing is claimed.

    What agrees in all but last digits is taken as the change has it, because the ledger names it by its digest.
    """
    claimed = _claims(change, place)
    if claimed is None:
        return None
    computed = {p.as_posix() for p in (place, *place.rglob("*")) if p.is_file()}
    for name in sorted(computed ^ claimed.keys()):
        return name
    for name in sorted(computed):
        md5 = claimed[name]
        if md5 is not None and md5 == md5_file(Path(name)):
            continue
        with TemporaryDirectory(prefix="pratique-") as folder:
            there = Path(folder) / "claimed"
            if md5 is None:
                change.head.copy(name, there, MAX_FILE_BYTES)
            else:
                change.store.copy(md5, None, there, name)
            if not agrees(Path(name), there.read_bytes()):
                return name
            write_bytes(Path(name), there.read_bytes())
    return None


def _claims(change: Change, place: Path) -> dict[str, str | None] | None:
    """The files that head has at or below a place, with their MD5 where DVC keeps them; None where it says nothing."""
    found: dict[str, str | None] = dict.fromkeys(change.head.below(place))
    said = _outputs(change.after.stages).get(place.as_posix())
    if said is None:
        return found or None
    output = parse_output(said, f"{paths.LOCK}: {place}")
    if not output.is_folder:
        return found | {place.as_posix(): output.md5}
    with TemporaryDirectory(prefix="pratique-") as folder:
        listed = change.store.list_folder(output.md5, Path(folder), str(place))
    return found | {f"{place}/{name}": md5 for name, md5 in listed.items()}


def _refuse_entries(change: Change) -> list[Refusal]:
    """The ledger of head must be what one run from the ledger of the base writes."""
    _restore_ledger(change)
    ledger.append(Record.read(path) for path in sorted(paths.RECORDS.glob("*/*.json")))  # some as the change has them
    name = str(paths.LEDGER)
    claimed = change.head.read(name, MAX_LEDGER_BYTES) if name in change.head.entries else b""
    computed = paths.LEDGER.read_bytes()
    if claimed == computed:
        return []
    pairs = enumerate(zip(computed.splitlines(), claimed.splitlines(), strict=False))
    least = min(computed.count(b"\n"), claimed.count(b"\n"))
    first = next((index for index, (mine, theirs) in pairs if mine != theirs), least)
    return [Refusal(name, f"entry {first}: not what one run from the ledger of the base writes", REPLAY_REMEDY)]


def _outputs(stages: dict[str, LockedStage]) -> dict[str, dict[str, object]]:
    return {path: said for stage in stages.values() for path, said in stage.outputs.items()}


def _relocks(change: Change, places: tuple[Path, ...]) -> bool:
    """Whether dvc.lock says something else than before of a stage that writes to one of these places."""
    before, after = change.before.stages, change.after.stages
    changed = [stage for name, stage in after.items() if before.get(name) != stage]
    return any(_is_below(path, places) for stage in changed for path in stage.outputs)


def _is_below(path: str, places: tuple[Path, ...]) -> bool:
    return any(Path(path).is_relative_to(place) for place in places)
