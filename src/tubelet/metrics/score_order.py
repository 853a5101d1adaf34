"""The orders in which evaluators of boxes and tubes go through scores, down to which of two equal ones comes first.

Most sort with NumPy's default, which is not stable: below 17 scores equals keep their order, above they come as the
steps of an introsort leave them, and since NumPy 1.25 as the processor's vector units do. The published figures stem
from the introsort. NumPy still runs it on extended precision, which holds every double exactly, so sorting that gives
the official order of equals everywhere where extended precision is wider than double (on x86 processors).
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
    in_order = np.sort(values)
    if (in_order[1:] > in_order[:-1]).all():  # without equals there is one order only, and doubles sort faster
        return np.argsort(values)
    return np.argsort(values.astype(np.longdouble), kind="quicksort")
