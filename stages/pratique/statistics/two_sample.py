"""Whether two samples come from one distribution, and by how much they differ."""

import numpy as np

from pratique.statistics.beta_binomial import count_log10_p
from pratique.statistics.empirical import SortedColumns

PSI_BINS = 10


def ks_log10_p(reference: SortedColumns, batch: SortedColumns) -> np.ndarray:
    """Common logarithm of the two-sample KS test's asymptotic p-value of each column; it never underflows.

    The gap between two empirical distribution functions is looked at just before and at each trusted value: between
    two of these the reference's stands still and the batch's only rises, so no gap is larger elsewhere.

    Parameters
    ----------
    reference : SortedColumns, of shape (trusted rows, columns)
    batch : SortedColumns, of shape (rows, columns)

    Returns
    -------
    ndarray, shape (columns,)
    """
    from scipy.special import kolmogorov

    trusted, rows = len(reference.values), len(batch.values)
    pairs = zip(batch.places(reference.values), (reference.begins, reference.ends), strict=True)
    distance = np.max([np.abs(there / rows - here / trusted) for there, here in pairs], axis=(0, 1))
    root = np.sqrt(trusted * rows / (trusted + rows))
    x = distance * (root + 0.12 + 0.11 / root)
    # beyond 3 one term of the series is exact to 1e-23, and its logarithm does not underflow
    return np.where(x > 3, (np.log(2) - 2 * x**2) / np.log(10), np.log10(kolmogorov(np.minimum(x, 3))))


def levels_log10_p(reference: dict[str, int], batch: dict[str, int]) -> float:
    """Common logarithm of the chance that the share of any level differs so much, corrected for their number.

    For each level the beta-binomial prediction of `beta_binomial.count_log10_p`, on both sides: unlike the chi-squared
    test it is exact where few rows are expected, however rare that is.
    """
    names = sorted({*reference, *batch})
    hits, counts = (np.array([known.get(name, 0) for name in names]) for known in (reference, batch))
    trusted, rows = hits.sum(), np.full(len(names), counts.sum())
    more = count_log10_p(counts, rows, hits + 0.5, trusted - hits + 0.5)
    fewer = count_log10_p(rows - counts, rows, trusted - hits + 0.5, hits + 0.5)
    return min(0.0, float(np.minimum(more, fewer).min() + np.log10(2 * len(names))))


def population_stability(reference: np.ndarray, batch: np.ndarray) -> float:
    """PSI over the reference's deciles; half a row is added to each bin, so that an empty one stays finite."""
    trusted, own = _share_bins(reference, batch, 0.5)
    return float(((own - trusted) * np.log(own / trusted)).sum())


def kullback_leibler(before: np.ndarray, after: np.ndarray) -> float:
    """Divergence of the numbers after a change from those before it, in nats; NaN where either has none.

    D = sum_b q_b log(q_b / p_b) over the bins b between the deciles of the numbers before, with p_b and q_b the shares
    of the numbers before and after in it. One is added to each bin (Laplace), so that an empty one stays finite.

    Source: Kullback, Leibler, "On Information and Sufficiency", Annals of Mathematical Statistics 22, 1951.
    """
    if not len(before) or not len(after):
        return float("nan")
    clean, changed = _share_bins(before, after, 1)
    return float((changed * np.log(changed / clean)).sum())


def _share_bins(reference: np.ndarray, other: np.ndarray, added: float) -> tuple[np.ndarray, np.ndarray]:
    """The shares of two samples between the deciles of the first, so many rows added to each bin."""
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, PSI_BINS + 1)[1:-1]))
    shares = []
    for values in (reference, other):
        counts = np.bincount(np.searchsorted(edges, values, "right"), minlength=len(edges) + 1) + added
        shares.append(counts / counts.sum())
    return shares[0], shares[1]
