"""Judging decisions: whether a release binds, has not expired, and was made by somebody else than who submitted."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.decisions.binding import Binding
from pratique.decisions.decision import UNSIGNED, DecisionFile
from pratique.provenance import git
from pratique.provenance.commits import list_signers
from pratique.provenance.git import Commit

OWN = "is by somebody who submitted the batch: somebody else must decide"
UNKNOWN_SUBMITTER = (
    "nothing vouches for who submitted it, and it may be the reviewer: pass `--submitter` in CI, sign the commits that "
    "bring it with a key that params.yaml lists, or have one more reviewer release it"
)


@dataclass(frozen=True)
class Submission:
    """Who brought a batch.

    Attributes
    ----------
    commits : tuple of Commit
        Those that touched it, newest first.
    authors : frozenset of str
        E-mail addresses that they claim for their authors; of whoever works here, too, if it is not committed. A claim
        speaks against a reviewer, and never for one.
    signers : frozenset of str, optional
        Addresses of listed people who signed all of them.
    account : str, optional
        Whom CI names as the submitter, by e-mail address or account.
    """

    commits: tuple[Commit, ...]
    authors: frozenset[str]
    signers: frozenset[str] | None = None
    account: str | None = None

    @classmethod
    def of_change(
        cls, tip: str, stand_ins: Sequence[Path], since: str, params: Params, account: str | None
    ) -> "Submission":
        """Ask git who brought a file to a commit since another one: itself, or a pointer that may stand for it."""
        return cls._of(git.read_commits(map(str, stand_ins), tip, since), params, account)

    @classmethod
    def of_past(cls, tip: str, stand_ins: Sequence[Path], params: Params) -> "Submission":
        """Ask git who once brought a file: itself or any pointer that may have stood for it."""
        return cls._of(git.read_commits(map(str, stand_ins), tip), params)

    @classmethod
    def here(cls, stand_ins: Sequence[Path], params: Params) -> "Submission":
        """Ask git who brought a file that lies here; what is not committed is by whoever works here."""
        found = cls.of_past("HEAD", stand_ins, params)
        if found.commits and not any(git.is_uncommitted(place) for place in stand_ins):
            return found
        return cls(found.commits, found.authors | {git.email_of(git.read_identity())})

    @classmethod
    def _of(cls, commits: Sequence[Commit], params: Params, account: str | None = None) -> "Submission":
        authors = frozenset(git.email_of(commit.author) for commit in commits)
        return cls(tuple(commits), authors, list_signers(commits, params.signing.reviewers), account or None)

    def is_by(self, reviewer: str, params: Params) -> bool | None:
        """Whether a reviewer, given by address, submitted it; None where nobody vouches for who did."""
        if reviewer in self.authors:
            return True
        if params.review.identity == "claims":
            return False
        vouched = {self._is_account_of(reviewer, params)}
        if self.signers is not None:
            vouched.add(reviewer in {signer.lower() for signer in self.signers})
        return True if True in vouched else False if False in vouched else None

    def _is_account_of(self, reviewer: str, params: Params) -> bool | None:
        """Whether CI names this reviewer; None where it names nobody, or an account that could be anybody's."""
        if self.account is None:
            return None
        if "@" in self.account:
            return self.account.lower() == reviewer
        accounts = {address.lower(): account.lower() for address, account in params.review.accounts.items()}
        return accounts[reviewer] == self.account.lower() if reviewer in accounts else None


@dataclass(frozen=True)
class Judge:
    """The decisions in force, the params by which they count, and what day it is."""

    decisions: Sequence[DecisionFile]
    params: Params
    today: date

    def of_batch(
        self, batch: str, binds: Binding, submission: Submission, settled: Collection[str] = ()
    ) -> tuple[list[DecisionFile], list[str]]:
        """The decisions that stand, and the objections to releases of this batch that don't.

        Parameters
        ----------
        batch : str
        binds : Binding
            What a release of it must bind.
        submission : Submission
        settled : collection of str
            Reviewers whose earlier release of these bytes the base holds. Who submitted was asked when it came; a
            squash merge has made its author that of the batch since.

        Raises
        ------
        PratiqueError
            If releases stand or fall with who submitted the batch, and nothing says that reliably.
        """
        rest = [decision for decision in self.decisions if decision.content.action != "release"]
        others: list[DecisionFile] = []
        unknown: list[DecisionFile] = []
        objections: list[str] = []
        for decision in self.decisions:
            if decision.content.action != "release" or decision.content.batch != batch:
                continue
            found, own = list(self.objections(decision, binds)), submission.is_by(decision.reviewer, self.params)
            if decision.reviewer in settled:  # of more than are asked for one may be the submitter's own
                own = False if len(settled) <= self.params.review.reviewers else None
            if own:
                found.append(OWN)
            objections += [f"the {decision.name} {objection}" for objection in found]
            if not found:
                (others if own is False else unknown).append(decision)
        self._require_known(batch, len(others), len(unknown))
        return rest + others + unknown, objections

    def _require_known(self, batch: str, others: int, unknown: int) -> None:
        """Of the reviewers who may have submitted the batch one may have, so one release more is asked for."""
        needed = self.params.review.reviewers
        if unknown and others + unknown - 1 < needed <= others + unknown:
            raise PratiqueError(f"{batch}: {UNKNOWN_SUBMITTER}")

    def objections(self, decision: DecisionFile, binds: Binding) -> Iterable[str]:
        """Why a release does not count whoever submitted its batch, a clause each, given what it must bind."""
        said = decision.content
        if changes := said.binds.describe_changes(binds):
            yield f"no longer counts: {changes}; renew it: pratique review confirm {said.batch}"
        if is_ahead(decision, self.today):
            yield f"is dated {said.time:%Y-%m-%d}, which is yet to come"
        if said.expires is not None and said.expires < self.today:
            yield f"expired on {said.expires}: decide again"
        if not decision.counts(self.params):
            yield f"is {UNSIGNED}"


def is_ahead(decision: DecisionFile, today: date) -> bool:
    """Whether a decision claims to be made on a day to come; clocks and time zones differ by one."""
    return decision.content.time.date() > today + timedelta(days=1)
