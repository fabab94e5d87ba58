"""A claim about what lies here, what it stands on, and what speaks against it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pratique.core.errors import PratiqueError


@dataclass(frozen=True)
class Claim:
    """One line of what `pratique verify` says.

    Attributes
    ----------
    subject : str
        What it is about.
    support : str
        What it stands on: computed, signed by whom, or not verified and why not.
    faults : tuple of str
        What does not hold, a sentence each.
    """

    subject: str
    support: str
    faults: tuple[str, ...] = ()

    @classmethod
    def of(cls, subject: str, support: str, find_faults: Callable[[], Iterable[str]]) -> "Claim":
        """The claim with the faults that are found; what can't be read is a fault."""
        faults: list[str] = []
        try:
            faults.extend(find_faults())
        except PratiqueError as error:
            faults.append(str(error))
        return cls(subject, support, tuple(faults))

    @property
    def line(self) -> str:
        """For people."""
        return f"{self.subject}: {'does not hold' if self.faults else self.support}"


def not_verified(subject: str, why: str) -> Claim:
    """A claim that nothing is said for."""
    return Claim(subject, f"not verified: {why}")
