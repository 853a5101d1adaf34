"""The orders in which evaluators of boxes and tubes go through scores, down to which of two equal ones comes first.

Most sort with NumPy's default, which is not stable: below 17 scores equals keep their order, above they come as the
steps of an introsort leave them, and since NumPy 1.25 as the processor's vector units do. The published figures stem
from the introsort. NumPy still runs it on dates, and a double's bits, read as a whole number, rise as the double does:
sorted so, equals come in the official order on every machine.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

ScoreOrder = Callable[[NDArray[np.float64]], NDArray[np.int64]]


def negated(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """``argsort(-scores)`` as an introsort gives it: of few equals the first listed comes first."""
    return _introsort(-scores)


def reversed_rising(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """``argsort(scores)[::-1]`` as an introsort gives it: of few equals the last listed comes first."""
    return _introsort(scores)[::-1]


def first_listed_first(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Falling scores; equals in the order in which they are listed."""
    return np.argsort(-scores, kind="stable")


def in_groups(groups: NDArray[np.integer], scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """Rows by group and within it by falling score, the first listed of equals first."""
    return np.lexsort((-scores, groups))


def _introsort(values: NDArray[np.float64]) -> NDArray[np.int64]:
    bits = (values + 0.0).view(np.int64)  # adding 0 makes -0 equal to 0
    rising = bits ^ ((bits >> 63) & np.iinfo(np.int64).max)  # below 0 the greater bits are the lesser number
    return np.argsort(rising.view("timedelta64[s]"), kind="quicksort")
