"""`pratique review serve`: the same pages with a form to decide on, for one person on this machine.

It listens on 127.0.0.1 only and sends nothing anywhere. The link that it prints is good for one visit, which it
answers with a cookie; a form counts only with the secret that its page was given.
"""

import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pratique.core import paths
from pratique.core.errors import PratiqueError, printable
from pratique.decisions import decision as decisions
from pratique.pages.batch_page import releasable
from pratique.pages.draw import draw
from pratique.pages.versions import versions_page
from pratique.results.records import read_decided, read_one

HOST = "127.0.0.1"
COOKIE = "pratique"
MAX_FORM = 100_000
HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
VERSIONS_LINK = '<a href="/versions.html">Versions</a>'

Page = Callable[[Request], Awaitable[Response]]


@dataclass
class Session:
    """The secrets of one server: `token` opens the one session there is and is gone then."""

    token: str | None = field(default_factory=lambda: secrets.token_urlsafe(32))
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    guard: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def opens(self, token: str) -> bool:
        """Whether this is the token; it is good once."""
        good = self.token is not None and secrets.compare_digest(token.encode(), self.token.encode())
        if good:
            self.token = None
        return good

    def knows(self, request: Request) -> bool:
        """Whether the request comes from the browser that opened the session."""
        return secrets.compare_digest(request.cookies.get(COOKIE, "").encode(), self.cookie.encode())

    def trusts(self, request: Request, guard: str) -> bool:
        """Whether a form was sent by a page of this server and no other."""
        own = f"http://{request.headers.get('host', '')}"
        same = request.headers.get("origin", own) == own
        site = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
        return same and site and secrets.compare_digest(guard.encode(), self.guard.encode())


@dataclass(frozen=True)
class Site:
    """The pages of data/reports, each with a form in it, and the one address that decides."""

    session: Session

    def application(self) -> Starlette:
        """What a server runs. Names of other hosts are refused: a page elsewhere may point one at this machine."""
        routes = [
            Route("/enter", self.enter),
            Route("/", self._guard(self.queue)),
            Route("/index.html", self._guard(self.queue)),
            Route("/versions.html", self._guard(self.versions)),
            Route("/batches/{source}/{stem}.html", self._guard(self.batch)),
            Route("/decide", self._guard(self.decide), methods=["POST"]),
        ]
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
        return Starlette(routes=routes, middleware=[hosts])

    def _guard(self, page: Page) -> Page:
        async def answer(request: Request) -> Response:
            if not self.session.knows(request):
                return _add_headers(PlainTextResponse("Open the link that `pratique review serve` printed.\n", 403))
            try:
                return _add_headers(await page(request))
            except PratiqueError as error:
                return _add_headers(_trouble([str(error)]))

        return answer

    async def enter(self, request: Request) -> Response:
        """Exchange the link's token for a cookie."""
        if not self.session.opens(request.query_params.get("token", "")):
            return _add_headers(
                PlainTextResponse("This link is not good, or not any more. Start the server again.\n", 403)
            )
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, self.session.cookie, httponly=True, samesite="strict")
        return _add_headers(response)

    async def queue(self, request: Request) -> Response:
        """All batches, with one form for those that are picked."""
        return self._with_form("index.html", _pending(), batch=None, releasable=True)

    async def batch(self, request: Request) -> Response:
        """One batch, with a form for it."""
        name = f"{request.path_params['source']}/{request.path_params['stem']}"
        facts = read_one(name)
        if facts is None or facts.plain:
            return PlainTextResponse("There is no page of that batch.\n", 404)
        own = [said for said in _pending() if said.batch == name]
        return self._with_form(f"batches/{name}.html", own, batch=name, releasable=releasable(facts))

    async def versions(self, request: Request) -> Response:
        """What the gate was worth, version by version."""
        return HTMLResponse(versions_page())

    async def decide(self, request: Request) -> Response:
        """Write decisions, as the command line does."""
        form = await _form(request)
        if not self.session.trusts(request, form.get("guard", [""])[0]):
            return PlainTextResponse("This form was not sent by a page of this server; nothing was decided.\n", 403)
        faults, done = _decide(form)
        return _trouble(faults, done) if faults else RedirectResponse("/", 303)

    def _with_form(self, name: str, pending: list[decisions.Decision], **values: Any) -> Response:
        page = _fill_slot(_read(name), "nav", VERSIONS_LINK)
        page = _fill_slot(page, "pending", draw("pending.html", pending=pending))
        return HTMLResponse(_fill_slot(page, "decide", draw("decide.html", guard=self.session.guard, **values)))


def serve(port: int, announce: Callable[[str], None]) -> None:
    """Serve until interrupted.

    Parameters
    ----------
    port : int
        0 takes any that is free.
    announce : callable
        Called with the link to open, once the port is taken.

    Raises
    ------
    PratiqueError
        If the port is taken by another program, or the pages are not written.
    """
    import uvicorn

    _read("index.html")
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        raise PratiqueError(f"port {port}: {error.strerror}; name another one with --port") from error
    session = Session()
    announce(f"http://{HOST}:{listener.getsockname()[1]}/enter?token={session.token}")
    config = uvicorn.Config(Site(session).application(), log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])


def _decide(form: dict[str, list[str]]) -> tuple[list[str], list[str]]:
    """Decide about every batch that the form names; what went wrong, and the batches that are decided."""
    reason, until = form.get("reason", [""])[0], form.get("until", [""])[0]
    action, batches = form.get("action", [""])[0], form.get("batch", [])
    if not reason.strip() or not batches or action not in ("release", "reject"):
        return ["Pick a batch, write a reason, and press one of the buttons."], []
    faults, done = [], []
    for batch in dict.fromkeys(batches):
        try:
            if action == "release":
                decisions.release(batch, reason=reason, expires=date.fromisoformat(until) if until else None)
            else:
                decisions.reject(batch, reason=reason)
        except (PratiqueError, ValueError) as error:
            faults.append(str(error))
        else:
            done.append(batch)
    return faults, done


def _pending() -> list[decisions.Decision]:
    """What was decided since the last run of the pipeline."""
    ran = read_decided()
    return [d.content for d in decisions.load_decisions() if ran.get(d.content.batch) != d.content.action]


async def _form(request: Request) -> dict[str, list[str]]:
    """The fields of a form; none where it is too long to be one of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM:
            return {}
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=2000)
    except ValueError:
        return {}


def _read(name: str) -> str:
    """A page that stage report wrote."""
    place = paths.REPORTS / name
    if not place.is_file():
        raise PratiqueError(f"{place}: not found; run `pratique report` (or `dvc repro`) first")
    return place.read_text(encoding="utf-8")


def _fill_slot(page: str, slot: str, part: str) -> str:
    """A page with this part in its slot. No text brings a slot of its own: the brackets of the marks are escaped."""
    before, _, rest = page.partition(f"<!--{slot}-->")
    return before + part + rest.partition(f"<!--/{slot}-->")[2]


def _trouble(faults: list[str], done: list[str] | None = None) -> Response:
    faults = [printable(fault) for fault in faults]
    return HTMLResponse(draw("trouble.html", faults=faults, done=done or []), 400)


def _add_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response
