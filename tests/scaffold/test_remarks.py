import warnings

import numpy as np
import pandas as pd
from pratique.core.batch import Batch
from pratique.core.params import DataParams
from pratique.scaffold.remarks import list_remarks
from pratique.tables.trusted import layout_of


def frame(rows=600, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    return pd.DataFrame(
        {
            "a": rng.normal(3.5 * y, 1).round(3),
            "b": rng.normal(-3.5 * y, 1).round(3),
            "c": rng.choice(["red", "blue"], rows),
            "y": np.array(["no", "yes"])[y],
        }
    )


def remarks(rows, holdout=None, **data):
    table = Batch.from_frame("r", rows, layout := layout_of_frame(rows, **data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = list_remarks(table, None if holdout is None else Batch.from_frame("h", holdout, layout))
    return {remark.code: remark for remark in found}


def layout_of_frame(rows, **data):
    import pyarrow as pa

    return layout_of(pa.Table.from_pandas(rows, preserve_index=False), DataParams(label="y", **data))


def test_clean_rows_need_no_remark():
    assert remarks(frame()).keys() <= {"mislabelled"}


def test_flipped_labels_are_estimated_and_named():
    rows = frame(1000)
    flipped = np.arange(0, 1000, 25)
    rows.loc[flipped, "y"] = np.where(rows.loc[flipped, "y"] == "yes", "no", "yes")
    found = remarks(rows)["mislabelled"]
    share = float(found.text.split("about ")[1].split(" %")[0])
    assert 2 <= share <= 5
    assert set(found.rows) <= set(flipped.tolist())
    assert len(found.rows) == 10


def test_repeats_conflicts_and_copies_of_the_holdout_are_named():
    rows = frame()
    rows.loc[7] = rows.loc[3]
    rows.loc[9] = rows.loc[4]
    rows.loc[9, "y"] = "no" if rows.loc[4, "y"] == "yes" else "yes"
    found = remarks(rows, rows.iloc[[50, 20]])
    assert found["repeats"].rows == (3, 7)
    assert found["conflicts"].rows == (4, 9)
    assert found["in-holdout"].text == "2 rows of the holdout too; the first: row 20 is its row 1"


def test_columns_that_give_the_label_away_or_never_change():
    rows = frame()
    rows["told"] = np.where(rows["y"] == "yes", 1.5, 2.5) + np.arange(600) / 1e4
    rows["result"] = np.where(rows["y"] == "yes", "ok", None)
    rows["same"] = 7.5
    remarks = list_remarks(Batch.from_frame("r", rows, layout_of_frame(rows)))
    found = [r for r in remarks if r.code in ("giveaway", "constant")]
    assert {(r.code, r.columns) for r in found} == {
        ("giveaway", ("told",)), ("giveaway", ("result",)), ("constant", ("same",)),
    }  # fmt: skip
    assert "by being empty or not" in next(r.text for r in found if r.columns == ("result",))


def test_labels_that_are_odd_are_said():
    rows = frame()
    rows.loc[:4, "y"] = "rare"
    rows.loc[300:340, "y"] = "Yes"
    rows.loc[5, "y"] = None
    found = remarks(rows)
    assert found["small-class"].text == "y: 5 rows of 'rare', too few to learn how they look"
    assert found["label-spellings"].text == "y: 'Yes' and 'yes' may be one value in two spellings"
    assert found["label-missing"].rows == (5,)
    assert "one-class" in remarks(frame().assign(y="yes"))


def test_a_personal_label_is_not_shown():
    rows = frame()
    rows.loc[:4, "y"] = "secret"
    assert "secret" not in str(remarks(rows, personal=("y",)))
