"""Lists of videos, a line each: the path and the class, as SlowFast, VideoMAE and mmaction2 keep them.

The separator is a blank, a tab or a comma, with or without a header; the class is an index or a name. A path may hold
blanks: the class is what stands after the last one.
"""

import csv
import io
import re
from collections.abc import Sequence

from tubelet.annotations.actions import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, class_names, read_lines, split_row, write_lines

_PATH_HEADINGS = {"path", "video", "video_path", "file", "filename", "file_name"}
_LABEL_HEADINGS = {"label", "class", "label_id", "class_id", "label_index", "class_index", "class_name", "action"}


def read_video_list(
    path: PathLike,
    *,
    classes: PathLike | Sequence[str] | None = None,
    delimiter: str | None = None,
    subset: str | None = None,
) -> VideoSet:
    """Read a list of videos.

    Args:
        path: the list; may be gzipped.
        classes: names in the order of the indices, or a file with one a line. Without it, classes that are indices are
            called "0", "1", ... up to the greatest, and names are sorted.
        delimiter: between path and class; None finds it in the first line: a comma, else a tab, else a blank.
        subset: what the videos' ``subset`` shall say.

    Raises:
        AnnotationError: with file, line and value, where a line or a class is not what was expected.
    """
    lines = read_lines(path, 'a video and its class on every line, "path label"')
    if not lines:
        raise AnnotationError(f'{path} is empty; expected a video and its class on every line, "path label".')
    if delimiter is None:
        delimiter = next((mark for mark in ",\t" if mark in lines[0][1]), " ")
    rows = [(number, _cells(path, number, line, delimiter)) for number, line in lines]
    headings = [cell.lower() for cell in rows[0][1]]
    path_column, label_column = 0, 1
    if len(headings) > 1 and _PATH_HEADINGS & set(headings) and _LABEL_HEADINGS & set(headings):
        path_column = next(i for i, heading in enumerate(headings) if heading in _PATH_HEADINGS)
        label_column = next(i for i, heading in enumerate(headings) if heading in _LABEL_HEADINGS)
        columns, rows = len(headings), rows[1:]
    else:
        columns = 2
    for number, cells in rows:
        if len(cells) != columns or not cells[path_column] or not cells[label_column]:
            value = delimiter.join(cells)
            raise AnnotationError(f'{path}: line {number} is {value!r}; expected "path{delimiter}label".')

    labels = [cells[label_column] for _, cells in rows]
    for (number, _), label in zip(rows, labels, strict=True) if classes is None else ():
        if re.fullmatch(r"-\d+|\d{7,}", label):
            raise AnnotationError(f"{path}: line {number} has the class {label}; expected an index from 0, or a name.")
    names = class_names(classes) if classes is not None else _names_from(labels)
    known = set(names)
    videos = []
    for (number, cells), label in zip(rows, labels, strict=True):
        if label not in known and not (_is_index(label) and int(label) < len(names)):
            raise AnnotationError(
                f"{path}: line {number} has the class {label!r}; expected a name among the {len(names)} classes or an "
                f"index from 0 to {len(names) - 1}."
            )
        name = label if label in known else names[int(label)]
        videos.append(Video(cells[path_column], subset=subset, labels=(Label(name),)))
    return VideoSet(tuple(videos), names)


def write_video_list(path: PathLike, videos: VideoSet, *, delimiter: str = " ") -> None:
    """Write every video with the index of its first label, without a header, for `read_video_list` and other tools.

    Raises:
        AnnotationError: when a video has no label, or one that is not among the classes.
    """
    report_losses(path, videos, "labels", one_label=True)
    lines = []
    for video in videos:
        if not video.labels:
            raise AnnotationError(f"{video.path} has no label; a list needs one for every video.")
        cells = [video.path, str(videos.class_index(video.labels[0].name))]
        if delimiter == " ":
            lines.append(delimiter.join(cells))
        else:
            row = io.StringIO()
            csv.writer(row, delimiter=delimiter, lineterminator="").writerow(cells)
            lines.append(row.getvalue())
    write_lines(path, lines)


def _cells(path: PathLike, number: int, line: str, delimiter: str) -> list[str]:
    return line.rsplit(maxsplit=1) if delimiter == " " else split_row(path, number, line, delimiter)


def _names_from(labels: Sequence[str]) -> tuple[str, ...]:
    if labels and all(_is_index(label) for label in labels):
        return tuple(str(index) for index in range(max(map(int, labels)) + 1))
    return tuple(sorted(set(labels)))


def _is_index(label: str) -> bool:
    return label.isascii() and label.isdigit()
