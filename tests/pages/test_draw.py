"""Pages: whatever stands in a name, label, cell or note is text, and the policy lets nothing else run."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from pratique.pages.draw import draw, policy
from pratique.pages.queue_page import LISTED, WAITING, RunNotes, queue_page

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "<!--/decide--><form action=//evil>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "]]><svg onload=alert(1)>",
    "\u202egnp.exe\x1b[31m\u200b",
)


class Elements(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def queue(make_record, alarm, text):
    """A batch that has the text wherever a record lets it stand; a batch's name can't hold it."""
    facts = make_record(
        source=text,
        checks=(alarm(text, breaches=(text,)), alarm(f"a {text}", p_value=1e-8)),
    )
    return queue_page([facts], {}, None, "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_adds_no_element_and_no_attribute(in_folder, make_record, alarm, text):
    plain, hostile = (Elements(queue(make_record, alarm, said)) for said in ("w01", text))
    assert hostile.tags == plain.tags
    assert [name for name, _ in hostile.attributes] == [name for name, _ in plain.attributes]


def test_commands_in_our_own_sentences_are_code_and_the_rest_is_escaped(in_folder, make_record):
    page = queue_page(
        [make_record()],
        {},
        None,
        "run `pratique review setup` <b>",
        notes=RunNotes(alarm_rate="9 of the last 30 batches"),
    )
    assert "run <code>pratique review setup</code> &lt;b&gt;" in page
    assert "9 of the last 30 batches" in page
    assert "`" not in re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)


def test_what_cannot_be_seen_is_shown_as_an_escape(in_folder, make_record, alarm):
    page = queue(make_record, alarm, "a\u202eb\x1b[31m\u200b")
    assert r"a\u202eb\x1b[31m\u200b" in page
    assert not {"\u202e", "\x1b", "\u200b"} & set(page)


def test_the_policy_names_the_one_style_and_the_one_script(in_folder, make_record, alarm):
    page = queue(make_record, alarm, "w01")
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (said,) = (value for name, value in Elements(page).attributes if name == "content" and "default-src" in value)
    assert said == policy()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in said
    assert said.startswith("default-src 'none';")
    assert "unsafe" not in said


def test_a_page_refers_to_nothing_outside_itself(in_folder, make_record, alarm):
    elements = Elements(queue(make_record, alarm, "w01"))
    assert not {"iframe", "object", "embed", "base"} & set(elements.tags)
    for name, value in elements.attributes:
        assert not name.startswith("on")
        assert name != "style"
        if name in ("href", "src", "action"):
            assert value.startswith(("batches/", "#", "data:", "reference.html"))


def test_the_same_facts_give_the_same_bytes(in_folder, make_record, alarm):
    assert queue(make_record, alarm, "w01") == queue(make_record, alarm, "w01")


def test_a_template_that_misses_a_value_fails():
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        draw("queue.html")


def test_a_long_queue_is_cut_and_says_so(in_folder, make_record):
    facts = [make_record(batch=f"crowd/{i:06d}", p_value=10.0 ** -(i % 9 + 3)) for i in range(3000)]
    page = queue_page(facts, {}, None, "")
    assert f"{3000 - WAITING} more wait" in page
    assert f"{3000 - LISTED:,} accepted batches are left out" in page
    assert len(page) < 1_500_000


def test_the_most_suspicious_waits_first(in_folder, make_record):
    facts = [make_record(batch=f"crowd/{name}", p_value=p) for name, p in (("a", 1e-3), ("b", 1e-9), ("c", 1e-5))]
    names = re.findall(r'value="crowd/(.)"', queue_page(facts, {}, None, ""))
    assert names == ["b", "c", "a"]


def test_without_any_quarantine_nothing_waits(in_folder, make_record):
    accepted = make_record(verdict="accept", outcome="accepted", held_rows=0, alarms=(), checks=())
    page = queue_page([accepted], {}, None, "")
    assert "Nothing waits for a decision" in page
    assert 'href="batches/' not in page
