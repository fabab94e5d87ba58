"""A decision before it is written: what a form asks for, and what that binds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pratique.core.errors import PratiqueError
from pratique.decisions import deciding
from pratique.decisions.binding import Binding
from pratique.decisions.deciding import read_record
from pratique.decisions.decision import MAX_REASON, Action
from pratique.provenance.record import Record


@dataclass(frozen=True)
class Proposal:
    """One decision about some batches, with the records that it is about."""

    action: Action
    reason: str
    until: date | None
    records: tuple[Record, ...]

    @property
    def bindings(self) -> dict[str, Binding]:
        """What the decision binds, by batch."""
        return {each.batch: Binding.of(each) for each in self.records}

    @classmethod
    def parse(cls, form: Mapping[str, Sequence[str]]) -> "Proposal":
        """What the fields of a form ask for.

        Raises
        ------
        PratiqueError
            If a field is missing or makes no sense, or a batch has no record.
        """
        action, reason, until = (form.get(name, [""])[0].strip() for name in ("action", "reason", "until"))
        batches = list(dict.fromkeys(form.get("batch", [])))
        if not reason or not batches or action not in ("release", "reject"):
            raise PratiqueError("Pick a batch, write a reason, and press one of the buttons.")
        if len(reason) > MAX_REASON:
            raise PratiqueError(f"The reason has {len(reason):,} characters; {MAX_REASON:,} are the most.")
        try:
            day = date.fromisoformat(until) if until and action == "release" else None
        except ValueError as error:
            raise PratiqueError("The last day is no date; expected year-month-day.") from error
        known: Action = "release" if action == "release" else "reject"
        return cls(known, reason, day, tuple(map(read_record, batches)))

    def write(self) -> tuple[list[str], list[str]]:
        """Write the decisions, as the command line does; what went wrong, and the batches that are decided.

        Raises
        ------
        PratiqueError
            If a record binds something else by now than it did when the decision was shown; nothing is written then.
        """
        for each in self.records:
            if Binding.of(read_record(each.batch)) != Binding.of(each):
                raise PratiqueError(f"{each.batch}: its record has changed since this was shown; look at it once more")
        faults, done = [], []
        for each in self.records:
            try:
                if self.action == "release":
                    deciding.release(each.batch, reason=self.reason, expires=self.until)
                else:
                    deciding.reject(each.batch, reason=self.reason)
            except PratiqueError as error:
                faults.append(str(error))
            else:
                done.append(each.batch)
        return faults, done
