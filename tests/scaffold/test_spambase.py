"""Spambase in the package is UCI's, column by column."""

import lzma

import pandas as pd
import pytest
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_bytes
from pratique.scaffold.samples.spambase import CLASS, SHA256, pack, read_spambase

DOCUMENTED_MEANS = {
    "word_freq_make": 0.10455,
    "word_freq_3d": 0.065425,
    "word_freq_you": 1.6621,
    "word_freq_000": 0.10165,
    "word_freq_george": 0.7673,
    "word_freq_telnet": 0.064753,
    "word_freq_1999": 0.13695,
    "word_freq_parts": 0.013201,
    "word_freq_table": 0.0054445,
    "word_freq_conference": 0.031869,
    "char_freq_;": 0.038575,
    "char_freq_(": 0.13903,
    "char_freq_[": 0.016976,
    "char_freq_!": 0.26907,
    "char_freq_$": 0.075811,
    "char_freq_#": 0.044238,
    "capital_run_length_average": 5.1915,
    "capital_run_length_longest": 52.173,
    "capital_run_length_total": 283.29,
}
"""From `spambase.DOCUMENTATION`, which UCI offers beside the data."""


@pytest.fixture(scope="module")
def mails():
    return read_spambase().to_pandas()


@pytest.fixture
def as_offered(mails):
    """UCI's own file: no header, classes as 1 and 0."""

    def write(path, frame=mails):
        frame.assign(**{CLASS: (frame[CLASS] == "spam").astype(int)}).to_csv(path, header=False, index=False)
        return path

    return write


def test_there_are_as_many_mails_of_each_class(mails):
    assert mails.shape == (4601, 58)
    assert mails[CLASS].value_counts().to_dict() == {"ham": 2788, "spam": 1813}


def test_columns_have_the_means_that_uci_documents(mails):
    means = mails[list(DOCUMENTED_MEANS)].mean()
    for name, mean in DOCUMENTED_MEANS.items():
        assert means[name] == pytest.approx(mean, rel=5e-5), name


def test_the_table_is_made_from_uci_s_own_file(as_offered, tmp_path):
    pack(as_offered(tmp_path / "spambase.data"), tmp_path / "table.csv.xz")
    assert sha256_bytes(lzma.decompress((tmp_path / "table.csv.xz").read_bytes())) == SHA256


def test_and_from_parquet_with_columns_of_other_names(mails, tmp_path):
    frame = mails.assign(**{CLASS: (mails[CLASS] == "spam").astype(int)}).astype("float32")
    frame.set_axis([f"{i}" for i in range(58)], axis=1).to_parquet(tmp_path / "mails.parquet")
    pack(tmp_path / "mails.parquet", tmp_path / "table.csv.xz")
    assert sha256_bytes(lzma.decompress((tmp_path / "table.csv.xz").read_bytes())) == SHA256


@pytest.mark.parametrize("fault", ["another order", "a column less"])
def test_anything_else_is_refused(mails, as_offered, tmp_path, fault):
    other = mails.iloc[::-1] if fault == "another order" else mails.drop(columns="word_freq_make")
    with pytest.raises(PratiqueError, match="not UCI's Spambase" if fault == "another order" else "57 columns"):
        pack(as_offered(tmp_path / "spambase.data", pd.DataFrame(other)), tmp_path / "table.csv.xz")
    assert not (tmp_path / "table.csv.xz").exists()
