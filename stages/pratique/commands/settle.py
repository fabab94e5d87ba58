"""The command `pratique settle`: let the verdicts of the run that is committed stand."""

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import load
from pratique.core.screen import say
from pratique.core.text import say_count
from pratique.core.writing import write_text
from pratique.lineage.lock import list_stale
from pratique.lineage.verify import Records, read_all
from pratique.provenance import git
from pratique.provenance.record import Record
from pratique.quarantine.recording import Configuration
from pratique.quarantine.standing import StandingLine, describe_policy, read_standing, standing_text

JUDGING_STAGES = ("calibrate", "ingest", "validate")
BEFORE_POLICY = (
    "settle before the policy changes: `git stash`, `dvc checkout`, `pratique settle`, `git stash pop`; "
    "if the change is committed, settle on the commit before it"
)


def main() -> None:
    """Add the verdicts of the run whose outputs are here and committed; what stands already stays as it is.

    Raises
    ------
    PratiqueError
        If what lies here is not what one run wrote whose lock and ledger the checked-out commit holds.
    """
    commit, known = git.resolve_commit("HEAD"), read_standing()
    records = _read_committed()
    settled = {name: _settle(known.get(name), record, commit) for name, record in records.items()}
    lines = {name: line for name, line in settled.items() if line is not None}
    added = [name for name, line in lines.items() if known.get(name) != line]
    gone = known.keys() - lines.keys()
    write_text(paths.STANDING, standing_text(lines.values()))
    total = say_count(len(lines), "verdict")
    say(f"{len(added):,} of {total} added to {paths.STANDING}, of the run of commit {commit[:7]}.")
    if gone:
        say(f"{say_count(len(gone), 'verdict')} taken out, of batches that are gone.")
    if added or gone:
        say("Next: `dvc repro`, which measures nothing anew, and commit it all, in a change without data.")
    if load().policy.applies == "all":
        say(f"They do not stand yet: {paths.PARAMS} says `policy.applies: all`.")


def _settle(known: StandingLine | None, record: Record, commit: str) -> StandingLine | None:
    """The line of a batch. Only a run that judged it gives one: a verdict that stood already is left as it is.

    What was taken out by hand waits for such a run.
    """
    if record.standing is not None or (known is not None and known.is_about(record)):
        return known
    return StandingLine.of(record, commit)


def _read_committed() -> Records:
    records, form = read_all()
    if form.faults:
        raise PratiqueError(form.faults[0])
    for place in (paths.LOCK, paths.LEDGER):
        if git.is_uncommitted(place):
            raise PratiqueError(f"{place}: not as the checked-out commit has it; commit the run, then settle it")
    here = describe_policy(Configuration.of(load()).digests)
    for name, record in records.items():
        differs = [key for key, digest in describe_policy(record.digests).items() if digest != here[key]]
        if set(differs) - {"code"}:  # a newer program does not change what was merged
            raise PratiqueError(f"{name}: judged by another {differs[0]} than is here; {BEFORE_POLICY}")
    stale = list_stale(JUDGING_STAGES, but=paths.STANDING)
    if stale:
        what = stale[0].rpartition("; ")[0]  # to run the pipeline once more would be another run
        raise PratiqueError(f"{what}; `dvc checkout` takes what the committed run wrote")
    return records
