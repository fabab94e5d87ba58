"""Verdicts that stand when the policy changes: data/standing.jsonl, an input that people commit, as decisions are.

A line is about the bytes of one batch. It is what a run wrote that was merged, and names the commit of that run. Where
today's policy is the one of the line, the batch is measured as any other, so that its page shows what was found; where
it is another, the batch is not measured.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_json
from pratique.core.params import Params
from pratique.core.ranges import mark_ranges, write_ranges
from pratique.core.text import say_count
from pratique.core.writing import json_text
from pratique.decisions.binding import Binding, choose_bound
from pratique.detector.verdict import Outcome, RowReason, Verdict
from pratique.provenance.parts import AlarmCode, Chance, Count, Part, Ranges, Sha256, StandingRecord, Winnings
from pratique.provenance.record import Record
from pratique.quarantine.rulings import RESENT
from pratique.tables.arrival import Arrival

MAX_STANDING_BYTES = 2**26
NONE_STANDS = "\n"
"""The file where no verdict stands: DVC warns of an empty one in every run."""
UNMEASURED = Verdict("accept", 1.0, ())
"""Before the verdict that stands is put in its place."""
HELD_THEN = RowReason("", "held by the verdict that stands")


class StandingLine(Part):
    """One verdict that stands.

    Attributes
    ----------
    batch, sha256, rows
        The batch, the digest of the bytes that came in, and how many rows they hold.
    verdict, p_value, alarms
        Before people decided.
    holds : str
        Positions of the rows that the verdict holds, as ranges.
    bets : tuple of float
        What the batch adds to the stream of its source.
    run : StandingRecord
        The commit whose run it was, and what that judged by.
    """

    batch: str = Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,99}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    sha256: Sha256
    rows: Count
    verdict: Outcome
    p_value: Chance
    alarms: Annotated[tuple[AlarmCode, ...], Field(max_length=1000)]
    holds: Ranges
    bets: Annotated[tuple[Winnings, ...], Field(max_length=1000)]
    run: StandingRecord

    @classmethod
    def of(cls, record: Record, commit: str) -> "StandingLine":
        """The line for a record of the run whose outputs a commit holds; the record has a verdict of its own."""
        by_policy = {hold.code for hold in record.holds} - ({RESENT} if record.repeats is not None else set())
        run = StandingRecord(commit=commit, binds=Binding.of(record).sha256, **describe_policy(record.digests))
        return cls(
            batch=record.batch,
            sha256=record.sha256,
            rows=record.rows,
            verdict=record.verdict,
            p_value=record.p_value,
            alarms=tuple(code for code in record.alarms if code not in by_policy),
            holds=record.verdict_holds,
            bets=record.bets,
            run=run,
        )

    def says(self, verdict: Verdict, rows: int) -> bool:
        """Whether a verdict is this one."""
        alarms = tuple(dict.fromkeys(verdict.alarms))
        return (verdict.verdict, alarms, write_ranges(verdict.holds(rows))) == (self.verdict, self.alarms, self.holds)

    def restore(self, seen: Verdict) -> Verdict:
        """The verdict, with what was seen of the batch today, if anything was."""
        held = mark_ranges(self.holds, self.rows).nonzero()[0].tolist() if self.verdict == "partial" else seen.suspects
        suspects = {row: seen.suspects.get(row, HELD_THEN) for row in held}
        return replace(seen, verdict=self.verdict, p_value=self.p_value, alarms=self.alarms, suspects=suspects)

    def is_about(self, record: Record) -> bool:
        """Whether a record that has a verdict of its own has this one, of the same bytes by the same policy."""
        return self == StandingLine.of(record, self.run.commit)


@dataclass(frozen=True)
class Standing:
    """The verdicts that stand, and what today's run judges by.

    Attributes
    ----------
    lines : mapping of str to StandingLine
        By batch.
    digests : mapping of str to str
        The configuration of today.
    """

    lines: Mapping[str, StandingLine] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def here(cls, params: Params, digests: Mapping[str, str]) -> "Standing":
        """Those of the current folder; none where a change of policy applies to every batch.

        Raises
        ------
        PratiqueError
            If the file holds anything but lines of verdicts.
        """
        return cls(read_standing() if params.policy.applies == "new" else {}, digests)

    def find(self, arrival: Arrival) -> StandingLine | None:
        """The verdict that stands on a batch: on these bytes, read as so many rows."""
        line = self.lines.get(arrival.batch)
        if line is None or (line.sha256, line.rows) != (arrival.sha256, arrival.rows):
            return None
        return line

    def is_of_today(self, line: StandingLine) -> bool:
        """Whether a line was judged by today's policy, reference and program."""
        return line.run.model_dump(include={"policy", "reference", "code"}) == describe_policy(self.digests)


NO_STANDING = Standing()


def describe_policy(digests: Mapping[str, str]) -> dict[str, str]:
    """The digests of policy, reference and program, given those of a record's configuration."""
    nothing = sha256_json(None)
    policy = sha256_json({name: digest for name, digest in choose_bound(digests).items() if name != "reference"})
    return {"policy": policy, **{name: digests.get(name, nothing) for name in ("reference", "code")}}


def read_standing(path: Path = paths.STANDING) -> dict[str, StandingLine]:
    """The verdicts that stand, by batch; none where the file is missing. See `parse_standing` for what it raises."""
    if not path.is_file():
        return {}
    if path.stat().st_size > MAX_STANDING_BYTES:
        raise PratiqueError(f"{path}: more than {MAX_STANDING_BYTES} bytes; expected what `pratique settle` writes")
    return parse_standing(path.read_bytes(), str(path))


def parse_standing(data: bytes, place: str) -> dict[str, StandingLine]:
    """The verdicts in a file's bytes, by batch.

    Raises
    ------
    PratiqueError
        If a line is none, or the file is not as `write_standing` writes it; `place` says where it stood.
    """
    if data in (b"", NONE_STANDS.encode()):
        return {}
    lines: list[StandingLine] = []
    for number, text in enumerate(data.splitlines(), 1):
        try:
            lines.append(StandingLine.model_validate_json(text, strict=True))
        except ValidationError as error:
            where = "/".join(map(str, error.errors()[0]["loc"])) or "its form"
            raise PratiqueError(f"{place}: line {number}: no verdict, see {where}; {REMEDY_STANDING}") from error
    if standing_text(lines).encode() != data or len({line.batch for line in lines}) < len(lines):
        raise PratiqueError(f"{place}: not as it was written, one line a batch in their order; {REMEDY_STANDING}")
    return {line.batch: line for line in lines}


def standing_text(lines: Iterable[StandingLine]) -> str:
    """The text of data/standing.jsonl: one line a batch, sorted by batch; where none stands, one that is blank."""
    ordered = sorted(lines, key=lambda line: line.batch)
    return "".join(f"{json_text(line.model_dump(mode='json', by_alias=True))}\n" for line in ordered) or NONE_STANDS


def tell_stand(count: int) -> str:
    """That so many verdicts stand.

    Examples
    --------
    >>> tell_stand(1), tell_stand(2)
    ('1 verdict stands', '2 verdicts stand')
    """
    return f"{say_count(count, 'verdict')} stand{'s' * (count == 1)}"


REMEDY_STANDING = (
    "take back the one that was merged (`git log -- data/standing.jsonl` lists them); `pratique settle` adds to it"
)
