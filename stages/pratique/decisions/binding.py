"""What a decision is made for: the bytes of a batch, the policy that its verdict follows from, which checks it passed.

A decision carries all of it by name, so that one that no longer counts can say what changed.
"""

from collections.abc import Iterator, Mapping

from pratique.core import paths
from pratique.core.hashing import sha256_json
from pratique.core.sections import Section
from pratique.provenance.parts import Sha256
from pratique.provenance.record import Record

UNBOUND = ("data.personal", "data.cells", "sources", "profile", "code")
"""Digests of a record that no decision binds. Who delivers and what pages show changes no verdict; the profile and the
code show a processor's last bits and the program's patch version."""
STANDS = "standing"
"""Names what was bound when a verdict was given that stands, in place of today's policy."""
MOST_CHANGES = 4
FILES = {"columns": paths.COLUMNS, "schema": paths.SCHEMA, "suite": paths.SUITE}


def choose_bound(digests: Mapping[str, str]) -> dict[str, str]:
    """Those of a record's digests that a decision binds, by name."""
    return {name: digest for name, digest in digests.items() if name not in UNBOUND}


def digest_policy(record: Record) -> str:
    """SHA-256 of the policy that the verdict of a record follows from."""
    return sha256_json(choose_bound(record.digests))


class Binding(Section):
    """What a decision binds.

    Observed values are left out: they differ in the last digits from one kind of processor to another, and a release
    that somebody decided on a laptop must hold where the gate runs. So is the program's version: a release survives an
    upgrade that changes no verdict.

    Attributes
    ----------
    batch : str
        SHA-256 of the bytes that came in.
    policy : dict of str to str
        Digest of each key of params.yaml that a verdict follows from, of each file of expectations, as they are read,
        and of the reference.
    checks : dict of str to bool
        Each check, and whether the batch passed it.
    """

    batch: Sha256
    policy: dict[str, Sha256]
    checks: dict[str, bool]

    @classmethod
    def of(cls, record: Record) -> "Binding":
        """What a decision on this record binds; on a verdict that stands, what it bound when it was given."""
        if record.standing is not None:
            return cls.of_standing(record.sha256, record.standing.binds)
        passed = {check.id: check.success for check in record.checks}
        return cls(batch=record.sha256, policy=choose_bound(record.digests), checks=passed)

    @classmethod
    def of_standing(cls, batch: str, name: str) -> "Binding":
        """What a decision on a verdict that stands binds, given the name of what it bound when it was given."""
        return cls(batch=batch, policy={STANDS: name}, checks={})

    @property
    def sha256(self) -> str:
        """A name for all of it, the same before and after the verdict is settled."""
        return self.policy.get(STANDS) or sha256_json(self.model_dump(mode="json"))

    def describe_changes(self, now: "Binding") -> str:
        """What is different now, as clauses for people; nothing where all is as it was."""
        found = list(self._find_changes(now))
        more = [f"and {len(found) - MOST_CHANGES} more"] if len(found) > MOST_CHANGES else []
        return ", ".join([*found[:MOST_CHANGES], *more])

    def _find_changes(self, now: "Binding") -> Iterator[str]:
        if self.batch != now.batch:
            yield "the batch's bytes changed"
        if STANDS in self.policy or STANDS in now.policy:
            if self.sha256 != now.sha256:
                yield "the verdict that stands is another one"
            return
        for name in sorted(self.policy.keys() | now.policy.keys()):
            if self.policy.get(name) != now.policy.get(name):
                yield "the reference changed" if name == "reference" else f"{FILES.get(name, name)} changed"
        for name in sorted(self.checks.keys() | now.checks.keys()):
            before, after = self.checks.get(name), now.checks.get(name)
            if before is not None and after is not None and before != after:
                yield f"its check `{name}` {'passes now' if after else 'no longer passes'}"
            elif before != after:
                yield f"its check `{name}` {'is new' if before is None else 'no longer runs'}"
