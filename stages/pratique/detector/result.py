"""The result of checking rows: the verdict, and what it means row by row, in the kind of table that came in."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from pratique.core.batch import Batch
from pratique.detector import notebook
from pratique.detector.examine import Examination
from pratique.detector.verdict import Outcome, Verdict
from pratique.statistics.mixture import UNKNOWN_SHARE, PoisonedShare


@dataclass(frozen=True)
class Result:
    """What was found out about a batch.

    Attributes
    ----------
    name : str
    given : DataFrame, pyarrow.Table or path
        The rows as they were handed in.
    batch : Batch, optional
        The rows as they were read; None where they can't be.
    examination : Examination, optional
    judgement : Verdict
    fault : str, optional
        Why the rows can't be read as a table.
    """

    name: str
    given: Any
    batch: Batch | None
    examination: Examination | None
    judgement: Verdict
    fault: str | None = None

    @property
    def verdict(self) -> Outcome:
        """`accept`, `partial` (accepted without the rows that are held one by one) or `quarantine`."""
        return self.judgement.verdict

    @property
    def p_value(self) -> float:
        """The chance that a clean batch looks this suspicious to any check, in [0, 1]; 0 where a rule is broken."""
        return self.judgement.p_value

    @property
    def alarms(self) -> tuple[str, ...]:
        """What alarmed: names of checks and hypotheses, `<check>.fault` where one failed, `unreadable`."""
        return self.judgement.alarms

    @property
    def poisoned_share(self) -> PoisonedShare:
        """The estimated share of poisoned rows, in [0, 1], with the ends of an interval."""
        return UNKNOWN_SHARE if self.examination is None else self.examination.share

    @cached_property
    def held(self) -> np.ndarray:
        """Which rows are quarantined, with the batch or alone, bool of shape (rows,)."""
        return self.judgement.holds(0 if self.batch is None else len(self.batch))

    @property
    def rows(self) -> Any:
        """One line a row, in the kind of table that came in, on its index if it has one.

        Columns: `score` (log odds that the row is poisoned, in nats), `p_value` (conformal, in (0, 1]), `quarantined`,
        and `reason` (why the row is suspect by itself; empty where it is not).
        """
        import narwhals as nw

        found = self.examination
        why = self.judgement.suspects
        reasons = [why[row].text if row in why else "" for row in range(len(self.held))]
        columns: dict[str, Any] = {
            "score": np.zeros(0) if found is None else found.row_scores,
            "p_value": np.zeros(0) if found is None else found.row_p_values,
            "quarantined": self.held,
            "reason": reasons,
        }
        frame = nw.from_dict(columns, backend="pyarrow" if self._is_file else nw.get_native_namespace(self.given))
        if not frame.implementation.is_pandas() or found is None:
            return frame.to_native()
        return frame.to_native().set_axis(self.given.index, axis=0)

    @property
    def accepted(self) -> Any:
        """The rows that pass, as they came in; empty where the batch is quarantined."""
        import narwhals as nw

        if self.batch is None:
            return pa.table({}) if self._is_file else self.given[:0]
        frame = nw.from_native(self.batch.table if self._is_file else self.given, eager_only=True)
        return frame.filter((~self.held).tolist()).to_native()

    @property
    def _is_file(self) -> bool:
        """Whether a path was handed in: then tables of Arrow come out."""
        return isinstance(self.given, str | Path)

    def __repr__(self) -> str:
        return (
            f"Result({self.name}: {self.verdict}, p = {self.p_value:.2g}, alarms: {', '.join(self.alarms) or 'none'})"
        )

    def _repr_html_(self) -> str:
        return notebook.show_result(self.name, self.judgement, len(self.held), self.fault)
