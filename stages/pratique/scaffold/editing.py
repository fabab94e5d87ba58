"""Editing params.yaml as a program: all else stays as people wrote it, comments included."""

from collections.abc import Callable
from io import StringIO
from typing import Any

from pratique.core import paths
from pratique.core.documents import parse_yaml
from pratique.core.params import Params
from pratique.core.sections import parse

WHOLE_LINE = 10_000
"""Characters after which YAML may break a line: never, so that no line changes but those that are meant."""


def edit_params(change: Callable[[Any], None], told: str) -> str:
    """The text of params.yaml after a change, which `told` names in an error.

    Raises
    ------
    PratiqueError
        If what comes out is no params.yaml.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import RoundTripRepresenter

    class Representer(RoundTripRepresenter):
        """Writes null as people do."""

    Representer.add_representer(type(None), lambda self, _: self.represent_scalar("tag:yaml.org,2002:null", "null"))
    yaml, out = YAML(), StringIO()
    yaml.Representer = Representer
    yaml.preserve_quotes, yaml.width = True, WHOLE_LINE
    yaml.indent(mapping=2, sequence=4, offset=2)
    document: Any = yaml.load(paths.PARAMS.read_text(encoding="utf-8"))
    change(document)
    yaml.dump(document, out)
    parse(Params, parse_yaml(out.getvalue(), str(paths.PARAMS)), f"{paths.PARAMS} {told}")
    return out.getvalue()
