"""Drawing pages: one template each, everything escaped, nothing loaded from elsewhere."""

import base64
import hashlib
import math
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from pratique.core.errors import printable
from pratique.core.version import __version__
from pratique.detector.hypotheses import describe
from pratique.words import verdicts as words
from pratique.words.counts import count_suspects, tell_rarity, tell_result
from pratique.words.numbers import chance, number, once_in, percent, points
from pratique.words.worth import interval

if TYPE_CHECKING:
    from jinja2 import Environment

CODE = re.compile(r"`([^`]+)`")
"""A command or a name in a sentence, as terminals show it."""
RAREST = 12
"""Powers of ten that fill the bar of a check."""


def draw(template: str, **values: Any) -> str:
    """A page.

    Whatever a value holds is text: it is escaped for HTML, and what can't be seen is shown as an escape. The
    policy in the page's head lets nothing run but its own script, by digest, and nothing load at all.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = files("pratique.pages") / "templates"
    environment = Environment(
        loader=FileSystemLoader(str(folder)),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "chance": chance,
        "once_in": once_in,
        "number": number,
        "percent": percent,
        "points": points,
        "interval": interval,
        "rarity": _rarity,
        "prose": _set_code,
        "width": lambda share: f"{100 * share:.1f}",
    }
    style, script = _own_parts()
    environment.globals |= {
        "style": Markup(style),
        "script": Markup(script),
        "policy": policy(),
        "form": None,
        "version": __version__,
        "state_words": words.STATES,
        "describe": describe,
        "count_suspects": count_suspects,
        "tell_rarity": tell_rarity,
        "tell_result": tell_result,
    }
    return environment


@cache
def _own_parts() -> tuple[str, str]:
    """The style and the script of every page."""
    folder = files("pratique.pages") / "templates"
    style, script = ((folder / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return style, script


def policy() -> str:
    """The content security policy of a page: nothing runs in it but its own script, by digest, and nothing loads."""
    allowed = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in _own_parts()]
    return (
        f"default-src 'none'; style-src 'sha256-{allowed[0]}'; script-src 'sha256-{allowed[1]}'; "
        "img-src data:; base-uri 'none'; form-action 'self'"
    )


def served_policy() -> str:
    """The policy as a server sends it; a page can't ask by itself not to be framed."""
    return f"{policy()}; frame-ancestors 'none'"


def _visible(value: Any) -> Any:
    """Text with what can't be seen as escapes; markup of our own as it is."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _set_code(text: str) -> Markup:
    """A sentence of the program's own, escaped, with what stands in backticks as code; not for what others wrote."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(printable(text)))))


def _rarity(p_value: float) -> str:
    """The length of a check's bar, of 120."""
    return f"{120 * min(RAREST, -math.log10(max(p_value, 10.0**-RAREST))) / RAREST:.1f}"
