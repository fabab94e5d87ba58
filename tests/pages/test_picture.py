"""The picture of a page: the same bytes each time, and text in it is never a formula, a command or an error."""

import pytest
from pratique.dossier.charts import Bars, Chart
from pratique.dossier.dossier import Dossier
from pratique.dossier.suspects import Ranking, Row, Suspect
from pratique.pages.picture import draw_picture

HOSTILE = r"$\frac{1}{$ \x00" + "\x1b[31m\u202e\n字" + "x" * 5000


@pytest.fixture
def dossier(make_record, alarm):
    def make(text, cards=True, charts=True):
        record = make_record(checks=(alarm("labels", breaches=(text,)),), alarms=("labels",))
        row = Row(text, (text,), distance=2.0)
        suspects = (Suspect(1, 2.0, text, Row("mine", ()), (), (row, row)),) * 20 if cards else ()
        drawn = (
            Chart(text, levels=(Bars(text, 0.1, 0.2),)),
            Chart(text, "M0 80V40H100V20H200V80Z", "M0 80V0H100V60H200V80Z", text[:20], text[:20]),
        )
        return Dossier(
            record, None, Ranking(suspects, (), 0), (), None, (), None, drawn if charts else (), 0, (record,)
        )

    return make


@pytest.mark.parametrize("text", ["harmless", HOSTILE])
def test_a_picture_is_drawn_whatever_a_batch_says(dossier, text):
    drawn = draw_picture(dossier(text), 0.01)
    assert drawn.startswith(b"\x89PNG")
    assert len(drawn) < 500_000
    assert drawn == draw_picture(dossier(text), 0.01)


def test_a_batch_without_suspects_and_columns_has_a_picture(dossier):
    few, many = (draw_picture(dossier("text", both, both), 0.01) for both in (False, True))
    height = [int.from_bytes(drawn[20:24]) for drawn in (few, many)]
    assert height[0] < height[1]
