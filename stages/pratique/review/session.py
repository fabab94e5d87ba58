"""Who may talk to the review server: the browser that opened its link, from its own pages, and nobody else."""

import hmac
import secrets
from dataclasses import dataclass, field

from starlette.requests import Request

from pratique.review.proposal import Proposal

MOST_PROPOSALS = 50
"""Decisions that were shown and not written; the oldest goes first."""


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass
class Session:
    """The secrets of one server at `host`; `token` opens the one session there is and is gone then."""

    host: str
    token: str | None = field(default_factory=_secret)
    cookie: str = field(default_factory=_secret)
    guard: str = field(default_factory=_secret)
    _shown: dict[str, Proposal] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """What a browser calls the pages of this server."""
        return f"http://{self.host}"

    @property
    def cookie_name(self) -> str:
        """One for each port, because browsers send the cookies of a host to all of its ports."""
        return f"pratique-{self.host.rpartition(':')[2]}"

    def opens(self, token: str) -> bool:
        """Whether this is the token; it is good once."""
        good = self.token is not None and hmac.compare_digest(token.encode(), self.token.encode())
        if good:
            self.token = None
        return good

    def is_addressed(self, request: Request) -> bool:
        """Whether the request names this server: a page elsewhere may point a name of its own at this machine."""
        return request.headers.getlist("host") == [self.host]

    def knows(self, request: Request) -> bool:
        """Whether the request comes from the browser that opened the session."""
        return hmac.compare_digest(request.cookies.get(self.cookie_name, "").encode(), self.cookie.encode())

    def is_own_form(self, request: Request) -> bool:
        """Whether a form was sent by a page of this server; every browser says so."""
        same_site = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
        return same_site and request.headers.getlist("origin") == [self.origin]

    def trusts(self, guard: str) -> bool:
        """Whether a form carries the secret that this session's pages have."""
        return hmac.compare_digest(guard.encode(), self.guard.encode())

    def keep(self, proposal: Proposal) -> str:
        """Remember a decision that is shown; the secret that writes it."""
        secret = _secret()
        self._shown[secret] = proposal
        if len(self._shown) > MOST_PROPOSALS:
            self._shown.pop(next(iter(self._shown)))
        return secret

    def take(self, secret: str) -> Proposal | None:
        """The decision that was shown with this secret, once; None where there is none."""
        return self._shown.pop(secret, None)
