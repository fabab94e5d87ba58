from html.parser import HTMLParser

from pratique.audits.churn import Churn
from pratique.audits.stability import Stability
from pratique.contract.audit import AuditFinding, AuditTable
from pratique.core.requirement import Requirement
from pratique.pages.audit_page import audit_page
from pratique.results.exclusions import ExcludedRegion
from pratique.results.requirements import JudgedRequirement
from pratique.statistics.resampling import Estimate
from pratique.words.requirements import TOO_WIDE, count_states, split_steps, tell_answer, tell_remedy

AUDITS = {"churn": Churn, "stability": Stability}
FINDINGS = {
    "churn": AuditFinding(
        {"churn": Estimate(0.2, 0.1, 0.3)}, ("A reason.",), {"everything": {"churn": Estimate(0, 0, 0)}}
    ),
    "stability": AuditFinding(tables=(AuditTable("Lines", ("cell",), (("<b>&",),)),)),
}


def judged(figure, requirement, value):
    return JudgedRequirement(figure, Requirement(**requirement), value and Estimate(value, value, value))


class Text(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.said = []
        self.feed(page)

    def handle_data(self, data):
        self.said.append(data.strip())


def test_what_is_broken_stands_first_with_a_command():
    asked = [judged("churn", {"max": 0.05}, 0.2), judged("accuracy", {"min": 0.8}, 0.9)]
    said = Text(audit_page(asked, FINDINGS, AUDITS)).said
    assert said.index("broken") < said.index("met") < said.index("What this training changed")
    assert "pratique baseline --to FOLDER" in said
    assert "at most 0.05" in said


def test_what_came_from_outside_is_escaped():
    assert "<b>&" not in audit_page([], FINDINGS, AUDITS)
    assert "&lt;b&gt;&amp;" in audit_page([], FINDINGS, AUDITS)


def test_nothing_is_required_and_nothing_is_audited():
    said = audit_page([], {}, {})
    assert "Nothing is required of the model." in said
    assert "No audit is named" in said


def test_what_to_do_follows_from_the_figure_and_the_state():
    assert tell_remedy(judged("churn", {"max": 0.05}, 0.2), AUDITS) == Churn.remedies["churn"]
    assert "pratique review reject BATCH" in tell_remedy(judged("accuracy", {"min": 0.95}, 0.9), AUDITS)
    assert tell_remedy(judged("accuracy", {"min": 0.8}, 0.9), AUDITS) == ""
    assert "audits" in tell_remedy(judged("decay", {"min": 0}, None), AUDITS)
    wide = JudgedRequirement("churn", Requirement(max=0.2), Estimate(0.2, 0.1, 0.3))
    assert tell_remedy(wide, AUDITS) == TOO_WIDE
    assert count_states([wide]) == "1 requirement: 1 undecidable"


def test_the_answer_comes_first_and_steps_stand_in_their_order():
    assert tell_answer([]) == ""
    assert tell_answer([judged("churn", {"max": 0.05}, 0.2)]) == "No: 1 requirement of 1 is broken."
    assert tell_answer([judged("churn", {"max": 0.05}, None)]) == "Nobody can say: 1 of 1 requirement can't be decided."
    assert tell_answer([judged("churn", {"max": 0.05}, 0.01)]) == "Yes: it meets all that is required."
    steps = split_steps(tell_remedy(judged("accuracy", {"min": 0.95}, 0.9), AUDITS))
    assert [step[:2] for step in steps] == ["1.", "2.", "3.", "4."]
    said = audit_page([judged("churn", {"max": 0.05}, 0.2)], FINDINGS, AUDITS)
    assert '<a href="#h-audit-1">churn</a>' in said
    assert said.index("No: 1 requirement") < said.index("<table")


def test_an_excluded_region_is_shown_with_the_command_that_undoes_it():
    region = ExcludedRegion(("age > 80", "sex == F"), 3, 2, 1, Estimate(0.5, 0.1, 0.9), None)
    said = audit_page([], FINDINGS, AUDITS, [region])
    assert "age &gt; 80 and sex == F" in said
    assert "pratique exclude --undo &#39;age &gt; 80&#39; &#39;sex == F&#39;" in said
    assert "no row" in said
    assert "What no model learns from" not in audit_page([], FINDINGS, AUDITS)
