"""The page of the reference: what the trusted rows hold, and what each column is taken for."""

from collections.abc import Sequence

from pratique.core.batch import Batch
from pratique.core.columns import AS_IT_IS, PLAIN
from pratique.core.text import shorten
from pratique.pages.draw import draw
from pratique.pages.form import DecisionForm
from pratique.scaffold.remarks import Remark


def reference_page(trusted: Batch, remarks: Sequence[Remark], identity: str, form: DecisionForm | None = None) -> str:
    """The page of trusted rows, with what is remarked about them and about who decides; a server has a form."""
    layout = trusted.layout
    features = []
    for name, kind in layout.kinds.items():
        writing = layout.writings.get(name, AS_IT_IS)
        written = "" if writing.format == PLAIN else str(writing.format)
        features.append((shorten(name), kind, ", ".join(map(shorten, writing.missing)), written))
    told = {"rows": f"{len(trusted):,}", "features": features, "remarks": remarks, "identity": identity}
    return draw("reference.html", **told, form=form)
