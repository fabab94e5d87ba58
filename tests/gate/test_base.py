"""What the gate keeps below .git stays small."""

import os

from pratique.gate.base import MOST_PROFILES, forget_old


def test_the_profiles_that_were_used_last_are_kept(tmp_path):
    for age in range(MOST_PROFILES + 2):
        (tmp_path / f"{age}").mkdir()
        (tmp_path / f"{age}/profile.json").touch()
        os.utime(tmp_path / f"{age}", (1_000_000 - age, 1_000_000 - age))
    forget_old(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{age}" for age in range(MOST_PROFILES)]
