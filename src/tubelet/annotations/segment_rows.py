"""A video's segments as json files list them, with those that end before they start.

Published files have such rows (Charades, FineAction), and no prediction can match them. A reader leaves them out of
``Video.segments``, says so in one `ReversedSegmentsWarning`, and keeps the file's own rows in
``Video.extra["reversed_segments"]`` with their places, so that the writer gives the same file back.
"""

import math
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tubelet.annotations.actions import AnnotationError, Segment, Video
from tubelet.annotations.text_files import PathLike

KEY = "reversed_segments"


class ReversedSegmentsWarning(UserWarning):
    """Some segments of a file end before they start and are left out."""


def read_segments(
    where: str, rows: Any, classes: Collection[str] | None, *, left_out: Collection[str] = ()
) -> tuple[tuple[Segment, ...], dict[str, Any]]:
    """The segments of a video's list of ``{"segment": [start, end], "label": ...}``.

    Args:
        where: file and video, for the errors.
        rows: the list.
        classes: the labels that are known; None for any.
        left_out: fields that shall not go into a segment's ``extra``.

    Returns:
        The segments, and what the reversed ones give the video's ``extra``.

    Raises:
        AnnotationError: when a row is not such a row, or its label is not known.
    """
    if not isinstance(rows, list):
        raise AnnotationError(f"{where} has the annotations {rows!r}; expected a list of segments with their labels.")
    segments: list[Segment] = []
    reversed_rows: list[list[Any]] = []
    for number, row in enumerate(rows, start=1):
        place = f"{where}, annotation {number}"
        if not isinstance(row, dict) or "segment" not in row or not isinstance(row.get("label"), str):
            raise AnnotationError(f"{place} is {row!r}; expected a segment and a label.")
        if classes is not None and row["label"] not in classes:
            raise AnnotationError(f"{place} has the label {row['label']!r}, not one of the {len(classes)} classes.")
        start, end = segment_times(place, row["segment"])
        if end < start:
            reversed_rows.append([number - 1, row])
        else:
            extra = {key: value for key, value in row.items() if key not in {"segment", "label", *left_out}}
            segments.append(Segment(start, end, row["label"], extra=extra))
    return tuple(segments), {KEY: reversed_rows} if reversed_rows else {}


def segment_times(where: str, values: Any) -> tuple[float, float]:
    """Start and end, seconds, from two numbers or strings of numbers; the end may come first.

    Args:
        where: file and place, for the error.
        values: as the file has them.

    Raises:
        AnnotationError: when they are not two finite numbers.
    """
    try:
        start, end = (float(value) for value in values)
    except (TypeError, ValueError):
        start = end = math.nan
    if not (math.isfinite(start) and math.isfinite(end)):
        raise AnnotationError(f"{where} has the segment {values!r}; expected its start and end in seconds.")
    return start, end


def finite_number(where: str, what: str, value: Any) -> float:
    """A number of a file; raises `AnnotationError` with ``where`` and ``what`` when it is none or not finite."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise AnnotationError(f"{where} has the {what} {value!r}; expected a finite number.")
    return number


def number_from_0(where: str, what: str, value: Any) -> float:
    """A number that is not negative, such as a duration; errors as `finite_number`."""
    number = finite_number(where, what, value)
    if number < 0:
        raise AnnotationError(f"{where} has the {what} {value!r}; expected a number from 0 up.")
    return number


def warn_of_reversed(path: PathLike, videos: Sequence[Video]) -> None:
    """One warning for a file, with the number of its reversed segments and the first of them."""
    rows = [(video.path, row) for video in videos for _, row in video.extra.get(KEY, ())]
    if rows:
        message = f"{path}: {len(rows)} segments end before they start and are left out, the first in {rows[0][0]}: "
        warnings.warn(ReversedSegmentsWarning(f"{message}{rows[0][1]!r}"), stacklevel=3)


def with_reversed(rows: list[Any], extra: Mapping[str, Any]) -> list[Any]:
    """The rows of a video as its file had them: the reversed ones put back in their places."""
    rows = list(rows)
    for index, row in extra.get(KEY, ()):
        rows.insert(index, row)
    return rows
