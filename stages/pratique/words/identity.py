"""What the policy means for who decides, in the sentence that every page and the gate carry."""

from pratique.core.params import Params

CLAIMS = "Here identities are claims: whoever can change data/decisions on the base branch can decide in any name."
NO_KEY = (
    "No reviewer's key is listed in params.yaml, so no decision counts and nothing can be released: run "
    "`pratique review setup`, and merge the line that it writes."
)


def identity_note(params: Params) -> str:
    """What people must know about identities; nothing where each decision is signed with a listed key."""
    if params.review.identity == "claims":
        return CLAIMS
    return "" if params.signing.reviewers else NO_KEY
