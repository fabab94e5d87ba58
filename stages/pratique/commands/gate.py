"""The command `pratique gate`: judge a change, say so on one screen, write the files that CI reads."""

from datetime import datetime
from pathlib import Path

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.screen import say
from pratique.core.writing import keep_only
from pratique.gate.attestation import attest, require_key
from pratique.gate.formats import SUMMARY_MD, write_gate_files
from pratique.gate.history import learn_ahead
from pratique.gate.judge import GateResult, gate
from pratique.gate.preview import list_flips
from pratique.gate.telling import TOP_REASONS, describe_refusal, headline, next_command, why
from pratique.words.counts import count_batches

CLEARED, REFUSED, NOTHING = 0, 1, 3


def main(
    base: str, head: str, require_batch: bool, folder: Path | None, time: datetime | None, submitter: str | None
) -> int:
    """Judge, write and print; the exit code.

    Parameters
    ----------
    base, head : str
    require_batch : bool
    folder : Path, optional
        Where the verification summaries are written; none are where there is no folder.
    time : datetime, optional
        What they say of when this was.
    submitter : str, optional
        Who submits the change, as CI knows.
    """
    key = None if folder is None else require_key()
    _require_no_links(*filter(None, [folder]))
    keep_only(paths.GATE, [])  # nobody shall read what an earlier run said
    result = gate(base, head, submitter=submitter or None, folder=paths.GATE)
    write_gate_files(result)
    say(*_screen(result))
    if folder is not None and key is not None:
        attested = attest(result, folder, key, time)
        say(f"Attested: {len(attested)} of {count_batches(len(result.batches))}, in {folder}")
    if not result.passes:
        return REFUSED
    return NOTHING if require_batch and not (result.batches or result.waiting) else CLEARED


def learn_base(base: str) -> None:
    """Learn what a base teaches, and keep it for gates to come."""
    learn_ahead(base)
    say(f"Learned what {base} teaches; it is kept below .git, and used where trusted rows and checks are the same.")


def _require_no_links(*folders: Path) -> None:
    """A change may bring a link in the place of a folder that this command writes or empties."""
    for place in (paths.GATE, paths.ATTESTATIONS, paths.DECISIONS, paths.LEDGER, *folders):
        for path in (place, *place.parents):
            if path.is_symlink():
                raise PratiqueError(f"{path}: a link; expected a folder or file of its own")


def _screen(result: GateResult) -> list[str]:
    lines = [f"pratique gate {headline(result)}"]
    for gated in result.batches:
        if gated.passes and not gated.record.alarms:
            continue
        lines.append(f"  {gated.name}: {gated.record.verdict}{', let in' if gated.passes else ''}")
        lines += [f"    {reason}" for reason in why(gated)[:TOP_REASONS]]
    lines += [f"  {describe_refusal(each)}" for each in result.refused[:TOP_REASONS]]
    lines += [f"  source '{source}' is not listed in data/sources.yaml" for source in result.unlisted]
    lines += [f"  {place}: not verified; it is made again after the merge" for place in result.unverified]
    lines += [f"  {note}" for note in result.notes]
    lines += [] if result.preview is None else [f"  {line}" for line in list_flips(result.preview)]
    command = next_command(result)
    if command is not None:
        lines.append(f"Next: {command}")
    judged = (
        f"Judged: commit {result.head[:12]} by the policy of {result.base[:12]}; what is not committed is not judged."
    )
    return [*lines, judged, f"Report: {SUMMARY_MD}"]
