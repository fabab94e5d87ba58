"""Evidence: long lists are cut and counted, and rows are those of the batch, whichever part was measured."""

import numpy as np
from pratique.contract.evidence import MOST_EVIDENCE, ColumnEvidence, Evidence, RowEvidence


def test_long_evidence_is_cut_and_counted():
    columns = [ColumnEvidence((f"c{i}",), {}) for i in range(MOST_EVIDENCE + 3)]
    rows = [RowEvidence((i,), {}) for i in range(MOST_EVIDENCE + 3)]
    assert Evidence.of_columns(columns[:2], share=0.5) == Evidence(columns=tuple(columns[:2]), notes={"share": 0.5})
    assert Evidence.of_rows(rows[:2], share=0.5) == Evidence(rows=tuple(rows[:2]), notes={"share": 0.5})
    assert Evidence.of_columns(columns) == Evidence(columns=tuple(columns[:MOST_EVIDENCE]), columns_left_out=3)
    assert Evidence.of_rows(rows) == Evidence(rows=tuple(rows[:MOST_EVIDENCE]), rows_left_out=3)
    assert Evidence.of_columns(columns, most=1).columns_left_out == MOST_EVIDENCE + 2


def test_rows_of_a_part_are_named_by_their_places_in_the_batch():
    part = Evidence(
        columns=(ColumnEvidence(("a",), {"rows": 2}, (0, 2)),),
        rows=(RowEvidence((1, 2), {"similarity": 3.5}, ("a", "b")),),
        notes={"rows compared": 3},
        rows_left_out=4,
    )
    assert part.relocate(np.array([10, 20, 30])) == Evidence(
        columns=(ColumnEvidence(("a",), {"rows": 2}, (10, 30)),),
        rows=(RowEvidence((20, 30), {"similarity": 3.5}, ("a", "b")),),
        notes={"rows compared": 3},
        rows_left_out=4,
    )
