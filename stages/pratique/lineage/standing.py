"""What `pratique verify` says of verdicts that stand: each is judged once more by what its commit says."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.core.ranges import write_ranges
from pratique.gate.changes import list_places
from pratique.gate.incoming import Incoming
from pratique.gate.objects import ObjectStore
from pratique.gate.preview import PastVerdict, judge_by
from pratique.lineage.claim import Claim, not_verified
from pratique.provenance import git
from pratique.provenance.tree import Tree
from pratique.quarantine.recording import Configuration
from pratique.quarantine.standing import StandingLine, describe_policy, read_standing, tell_stand


def claim_standing(params: Params) -> list[Claim]:
    """A claim for each commit whose verdicts stand: batches, decisions, policy and trusted rows of that commit."""
    try:
        lines = read_standing()
        code = describe_policy(Configuration.of(params).digests)["code"]
    except PratiqueError as error:
        return [Claim(str(paths.STANDING), "", (str(error),))]
    by_commit: dict[str, list[StandingLine]] = defaultdict(list)
    for line in lines.values():
        by_commit[line.run.commit].append(line)
    return [_claim(commit, mine, code) for commit, mine in sorted(by_commit.items())]


def _claim(commit: str, lines: Sequence[StandingLine], code: str) -> Claim:
    subject = f"{tell_stand(len(lines))} since {commit[:12]}"
    try:
        tree, head = Tree.of(git.resolve_commit(commit)), Tree.of(git.resolve_commit("HEAD"))
        store = ObjectStore(head, head)
        judged = judge_by(tree, store, Incoming.of(tree, store, list_places(tree)), anew=False)
    except PratiqueError as error:
        return not_verified(subject, str(error))
    there = [line for line in lines if line.batch in judged and judged[line.batch].sha256 == line.sha256]
    faults = [
        f"{line.batch}: its bytes are not those of commit {commit[:12]}, of which the verdict stands"
        for line in lines
        if line not in there
    ]
    faults += _find_differing([line for line in there if line.run.code == code], judged, commit)
    other = list(_find_differing([line for line in there if line.run.code != code], judged, commit))
    if other and not faults:
        return not_verified(subject, f"another version of the program gave them; this one says: {other[0]}")
    return Claim(subject, "computed, they hold by the policy and the trusted rows of that commit", tuple(faults))


def _find_differing(lines: Sequence[StandingLine], judged: dict[str, PastVerdict], commit: str) -> Iterator[str]:
    for line in lines:
        found = judged[line.batch]
        if (found.verdict, found.alarms, write_ranges(found.held)) != (line.verdict, line.alarms, line.holds):
            yield (
                f"{line.batch}: stands as {line.verdict}, by the policy of commit {commit[:12]} it is {found.verdict}"
            )
