"""The sections of params.yaml that say who decides: reviewers, and the keys that they sign with."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pratique.core.sections import Section


class ReviewParams(Section):
    """Whose decisions count.

    `reviewers`: how many people must release a batch before it counts; none of them may have submitted it. `identity`:
    a reviewer is whoever signs with a key in `signing.reviewers`, or whoever a decision claims. `accounts`: by a
    reviewer's e-mail address, the account that CI names as the submitter when it is theirs.
    """

    reviewers: int = Field(1, ge=1, le=10)
    identity: Literal["signature", "claims"] = "signature"
    accounts: dict[str, str] = Field(default_factory=dict)


class SigningParams(Section):
    """Ed25519 public keys: the base64 line that `pratique review setup` or `openssl pkey -pubout` prints.

    `reviewers`: by e-mail address, one person each. `gate`: of the key that the gate signs verification summaries with.
    """

    reviewers: dict[str, str] = Field(default_factory=dict)
    gate: str | None = None

    @model_validator(mode="after")
    def _every_reviewer_is_another(self) -> Self:
        addresses = {address.lower() for address in self.reviewers}
        keys = {key.strip() for key in self.reviewers.values()}
        for what, seen in (("address", addresses), ("key", keys)):
            if len(seen) < len(self.reviewers):
                raise ValueError(f"each reviewer needs their own {what}")
        return self

    def key_of(self, address: str) -> str | None:
        """The public key of a reviewer, by their address in lower case; None where none is listed."""
        return {listed.lower(): key for listed, key in self.reviewers.items()}.get(address)
