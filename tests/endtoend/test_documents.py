"""What the documents name is there."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/detection.md", "docs/drill.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_that_a_document_names_is_there(document):
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    named = re.findall(r"`((?:\w+/)+\w+\.py)`", text)
    places = (REPOSITORY, REPOSITORY / "stages")
    assert [name for name in named if not any((place / name).is_file() for place in places)] == []
