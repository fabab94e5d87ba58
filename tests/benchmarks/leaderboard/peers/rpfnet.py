"""RPFNet's own network on the batch among the trusted rows, as its README analyses a CSV file."""

import contextlib
import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from leaderboard.protocol import Judgement, Points

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "RPFNet", "rpfnet", "rpfnet", False
USE = "`api.analyze('csv', …)` of the trusted rows with the batch behind them; its row scores and flags"


class Network:
    def __init__(self, trusted, label):
        self.points, self.label, self.trusted = Points(trusted, label), label, trusted

    def judge(self, batch):
        from RPFNet import api

        joined = pd.concat([self.trusted, batch], ignore_index=True)
        joined = joined.drop(columns=self.label).assign(label=self.points.codes(joined))
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            joined.to_csv(Path(folder) / "rows.csv", index=False)
            told = api.analyze("csv", str(Path(folder) / "rows.csv")).raw()
        if told["mode"] != "rpfnet_hybrid":
            raise RuntimeError(f"RPFNet fell back to {told['mode']}: its own network did not run")
        scores, flags = (np.asarray(told[name], float)[len(self.trusted) :] for name in ("scores", "flags"))
        return Judgement(scores, (flags.mean(), scores.mean()))


fit = Network
