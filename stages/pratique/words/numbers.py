"""Numbers as people say them."""

MILLION, BILLION, TRILLION = 10**6, 10**9, 10**12


def chance(p: float) -> str:
    """A probability as people say it.

    Examples
    --------
    >>> chance(0.62), chance(0.0123), chance(3.2e-7), chance(1e-30)
    ('6 in 10', '1 in 81', '1 in 3.1 million', 'less than 1 in a trillion')
    """
    if p >= 0.95:
        return "nearly always"
    if p > 0.3:
        return f"{round(10 * p)} in 10"
    return f"1 in {_large(1 / p)}" if p >= 1 / TRILLION else "less than 1 in a trillion"


def once_in(p: float) -> str:
    """How often something happens that has a probability, as people say it.

    Examples
    --------
    >>> once_in(0.62), once_in(0.0123), once_in(1 / 520e6), once_in(1e-30)
    ('6 times in 10', 'once in 81', 'once in 520 million', 'less than once in a trillion')
    """
    if p > 0.3:
        return f"{round(10 * p)} times in 10"
    return f"once in {_large(1 / p)}" if p >= 1 / TRILLION else "less than once in a trillion"


def _large(count: float) -> str:
    count = float(f"{count:.2g}")
    for size, name in ((BILLION, "billion"), (MILLION, "million")):
        if count >= size:
            return f"{count / size:g} {name}"
    return f"{count:,.0f}"


def percent(share: float, digits: int = 1) -> str:
    """A share in per cent.

    Examples
    --------
    >>> percent(0.956667), percent(1.0)
    ('95.7 %', '100 %')
    """
    text = f"{100 * share:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def points(difference: float) -> str:
    """A difference of two shares, in points, with its sign.

    Examples
    --------
    >>> points(-0.0167), points(0.0)
    ('−1.7', '0.0')
    """
    text = f"{100 * abs(difference):.1f}"
    return text if text == "0.0" else f"{'−' if difference < 0 else '+'}{text}"


def number(value: float | None) -> str:
    """A measured number with the digits that people compare.

    Examples
    --------
    >>> number(1.16402), number(0.0), number(123456.0), number(None), number(float("nan"))
    ('1.16', '0', '123,456', 'none', 'none')
    """
    if value is None or value != value:
        return "none"
    if abs(value) >= 1000:
        return f"{value:,.0f}" if abs(value) < 1e9 else f"{value:.3g}"
    return f"{value:.3g}"


def join_list(items: list[str], most: int = 4) -> str:
    """A list in a sentence, cut where it gets long.

    Examples
    --------
    >>> join_list(["a", "b", "c"]), join_list(["a", "b", "c"], 2)
    ('a, b and c', 'a, b and 1 more')
    """
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most:,} more"
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))
