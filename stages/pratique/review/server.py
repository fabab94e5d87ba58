"""`pratique review serve`: the pages of the last run with a form to decide on, for one person on this machine.

It listens on 127.0.0.1 only and sends nothing anywhere. The link that it prints is good for one visit, which it
answers with a cookie. Pages are drawn anew from records and rows, so a page that a change brings is never shown. A
decision takes two forms: the first asks what it would bind, the answer to it carries the second, which writes it.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import Params, load
from pratique.decisions import deciding
from pratique.decisions.pending import list_pending
from pratique.pages.draw import draw, served_policy
from pratique.pages.form import DecisionForm
from pratique.provenance import git, signing
from pratique.review.proposal import Proposal
from pratique.review.session import Session
from pratique.review.views import Views
from pratique.words.identity import identity_note

HOST = "127.0.0.1"
MAX_FORM_BYTES, MAX_FORM_FIELDS = 100_000, 2_000
MAX_HEADER_BYTES = 16_384
MAX_CONNECTIONS = 32
SECONDS_FOR_FORM, SECONDS_IDLE = 10, 5
HEADERS = {
    "Content-Security-Policy": served_policy(),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

Page = Callable[[Request], Awaitable[Response]]
Form = dict[str, list[str]]


@dataclass(frozen=True)
class Site:
    """The pages, each with a form in it, and the two addresses that forms are sent to."""

    session: Session
    params: Params
    views: Views = field(default_factory=Views)

    def application(self) -> Starlette:
        """What a server runs."""
        return Starlette(
            routes=[
                Route("/enter", self._guard(self.enter, known=False)),
                Route("/", self._guard(self.queue)),
                Route("/index.html", self._guard(self.queue)),
                Route("/reference.html", self._guard(self.reference)),
                Route("/audit.html", self._guard(self.audit)),
                Route("/versions.html", self._guard(self.versions)),
                Route("/batches/{source}/{stem}.html", self._guard(self.batch)),
                Route("/propose", self._guard(self.propose), methods=["POST"]),
                Route("/decide", self._guard(self.decide), methods=["POST"]),
            ]
        )

    def _guard(self, page: Page, known: bool = True) -> Page:
        async def answer(request: Request) -> Response:
            response = await self._answer(page, request, known)
            response.headers.update(HEADERS)
            return response

        return answer

    async def _answer(self, page: Page, request: Request, known: bool) -> Response:
        if not self.session.is_addressed(request) or (known and not self.session.knows(request)):
            return PlainTextResponse("Open the link that `pratique review serve` printed.\n", 403)
        if request.method == "POST" and not self.session.is_own_form(request):
            return _refuse_form()
        try:
            return await page(request)
        except PratiqueError as error:
            return self.trouble([str(error)])

    async def enter(self, request: Request) -> Response:
        """Exchange the link's token for a cookie."""
        if not self.session.opens(request.query_params.get("token", "")):
            return PlainTextResponse("This link is not good, or not any more. Start the server again.\n", 403)
        response = RedirectResponse("/", 303)
        response.set_cookie(self.session.cookie_name, self.session.cookie, httponly=True, samesite="strict")
        return response

    async def queue(self, request: Request) -> Response:
        """All batches, with one form for those that are picked."""
        return HTMLResponse(self.views.queue(self.form()))

    async def batch(self, request: Request) -> Response:
        """One batch, with a form for it."""
        name = f"{request.path_params['source']}/{request.path_params['stem']}"
        page = self.views.batch(name, self.form(name))
        return PlainTextResponse("There is no page of that batch.\n", 404) if page is None else HTMLResponse(page)

    async def reference(self, request: Request) -> Response:
        """What the trusted rows hold."""
        return HTMLResponse(self.views.reference(self.form()))

    async def audit(self, request: Request) -> Response:
        """What the trained model shows, as the stage has drawn it."""
        if not paths.AUDIT_PAGE.is_file():
            return PlainTextResponse("Nothing was audited: run `dvc repro`.\n", 404)
        return HTMLResponse(paths.AUDIT_PAGE.read_text(encoding="utf-8"))

    async def versions(self, request: Request) -> Response:
        """What the gate was worth, version by version."""
        return HTMLResponse(self.views.versions(self.form()))

    async def propose(self, request: Request) -> Response:
        """Show what a decision would bind; nothing is written."""
        fields = await _read_form(request)
        if not self.session.trusts(_first(fields, "guard")):
            return _refuse_form()
        proposal = Proposal.parse(fields)
        page = draw(
            "confirm.html",
            proposal=proposal,
            reviewer=git.read_identity(),
            signed=signing.reviewer_key() is not None,
            counts=deciding.would_count(self.params),
            identity=self.identity,
            secret=self.session.keep(proposal),
        )
        return HTMLResponse(page)

    async def decide(self, request: Request) -> Response:
        """Write what the reviewer was shown, and nothing else."""
        proposal = self.session.take(_first(await _read_form(request), "secret"))
        if proposal is None:
            return _refuse_form()
        faults, done = proposal.write()
        return self.trouble(faults, done) if faults else RedirectResponse("/", 303)

    def form(self, batch: str | None = None) -> DecisionForm:
        """The form of a page, with what was decided about its batch, or about all, since the last run."""
        counted = [decision.content for decision, _ in list_pending() if decision.counts(self.params)]
        return DecisionForm(self.session.guard, tuple(each for each in counted if batch in (None, each.batch)))

    def trouble(self, faults: list[str], done: list[str] | None = None) -> Response:
        """What was not done, and what was."""
        return HTMLResponse(draw("trouble.html", faults=faults, done=done or [], identity=self.identity), 400)

    @property
    def identity(self) -> str:
        """What is said about who decides."""
        return identity_note(self.params)


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
        If the port is taken by another program, or the pipeline has not run.
    """
    import uvicorn

    try:
        listener = socket.create_server((HOST, port), backlog=MAX_CONNECTIONS)
    except OSError as error:
        raise PratiqueError(f"port {port}: {error.strerror}; name another one with --port") from error
    with listener:
        site = Site(Session(f"{HOST}:{listener.getsockname()[1]}"), load())
        site.views.queue(site.form())  # the first page is drawn, and what is wrong is told, before anybody looks
        announce(f"{site.session.origin}/enter?token={site.session.token}")
        config = uvicorn.Config(
            site.application(),
            log_level="warning",
            access_log=False,
            server_header=False,
            http="h11",
            ws="none",
            lifespan="off",
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=SECONDS_IDLE,
        )
        uvicorn.Server(config).run(sockets=[listener])


async def _read_form(request: Request) -> Form:
    """The fields of a form; none where it is too long, too slow or of another kind than our own."""
    body = b""
    try:
        async with asyncio.timeout(SECONDS_FOR_FORM):
            async for part in request.stream():
                body += part
                if len(body) > MAX_FORM_BYTES:
                    return {}
        return parse_qs(body.decode("ascii"), max_num_fields=MAX_FORM_FIELDS)
    except (TimeoutError, ValueError):
        return {}


def _first(fields: Form, name: str) -> str:
    return fields.get(name, [""])[0]


def _refuse_form() -> Response:
    return PlainTextResponse("This form was not sent by a page of this server; nothing was decided.\n", 403)
