"""Class scores of whole videos, of moments and of segments, as anybody's recogniser can write them.

A score of every class for every video, in one of:

- csv with the header ``video,class,score``, a class by its name or its number from 0;
- npz with ``videos`` (N names), ``scores`` (N, K) and perhaps ``classes`` (K names); without them in the order of the
  ground truth's classes;
- npy (N, K), videos and classes in the ground truth's order;
- tubelet's JSON with scored labels, or the ActivityNet server's results;
- Charades' text, ``video score score ...`` a line.

A class that a file does not name for a video counts as scored lower than all that is named. Videos are called by
their names without folder and suffix.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tubelet.annotations.segment_rows import finite_number
from tubelet.annotations.text_files import read_bytes, read_json, read_lines, read_table
from tubelet.scoring.files import ScoringError, checked_scores, read_known, video_name

Scores = NDArray[np.floating]

_COLUMNS = ("video", "class", "score")


def read_video_scores(path: Path, videos: Sequence[str], classes: Sequence[str]) -> Scores:
    """Scores (N, K) of videos, in the order in which they are asked for.

    Args:
        path: of the file; may be gzipped.
        videos: N names, as `video_name` gives them.
        classes: K names.

    Raises:
        ScoringError: with file, line or video, and value, when the file is not what was expected, or has other videos.
        AnnotationError: likewise.
    """
    kind = _kind(path)
    if kind not in _READERS:
        raise ScoringError(f"{path} ends in {kind or 'nothing'}; expected scores as {', '.join(_READERS)}.")
    return _READERS[kind](path, videos, classes)


def read_moment_scores(path: Path, num_classes: int) -> dict[str, Scores]:
    """Scores (moments, K) of each video: an npz with an array a video, or Charades' ``video moment score ...`` lines.

    Raises:
        ScoringError: with file, line or video, and value, when the file is not what was expected.
    """
    if _kind(path) == ".npz":
        found = {video_name(name): array for name, array in read_arrays(path).items()}
    else:
        rows: dict[str, list[tuple[float, list[float]]]] = {}
        for number, line in read_lines(path, f"a video, a moment and {num_classes} scores a line"):
            video, *cells = line.split()
            moment, *scores = _numbers(f"{path}: line {number}", cells, 1 + num_classes)
            rows.setdefault(video_name(video), []).append((moment, scores))
        found = {name: np.array([scores for _, scores in sorted(some)]) for name, some in rows.items()}
    for name, array in found.items():
        if array.ndim != 2 or array.shape[1] != num_classes or not _finite(array):
            raise ScoringError(
                f"{path}: {name} has the shape {array.shape}; expected (moments, {num_classes}), finite."
            )
    return found


def read_epic_scores(path: Path, segments: Sequence[str], counts: tuple[int, int]) -> tuple[Scores, Scores]:
    """Scores (N, 97) of verbs and (N, 300) of nouns of EPIC-KITCHENS-100's segments, in the order asked for.

    Args:
        path: a submission to the challenge, ``{"results": {narration_id: {"verb": {"0": score, ...}, "noun": ...}}}``,
            or an npz of ``narration_ids``, ``verb_scores`` and ``noun_scores``.
        segments: N narration ids.
        counts: how many verbs and nouns there are.

    Raises:
        ScoringError: when the file is not what was expected or has other segments.
    """
    tasks = ("verb", "noun")
    if _kind(path) == ".npz":
        arrays = read_arrays(path, "narration_ids", "verb_scores", "noun_scores")
        names = [str(name) for name in arrays["narration_ids"]]
        tables = [arrays[f"{task}_scores"] for task in tasks]
    else:
        results = read_json(path, "a submission to EPIC-KITCHENS-100's recognition challenge")
        results = results.get("results") if isinstance(results, dict) else None
        if not isinstance(results, dict):
            raise ScoringError(f'{path} has no results; expected {{"results": {{narration_id: {{"verb", "noun"}}}}}}.')
        names = list(results)
        tables = [
            np.array([_epic_row(path, name, entry, task, count) for name, entry in results.items()])
            for task, count in zip(tasks, counts, strict=True)
        ]
    for task, table, count in zip(tasks, tables, counts, strict=True):
        if table.shape != (len(names), count) or not _finite(table):
            raise ScoringError(
                f"{path} has {task} scores of shape {table.shape}; expected ({len(names)}, {count}), finite."
            )
    order = _order(path, names, segments)
    return tables[0][order], tables[1][order]


def _epic_row(path: Path, name: str, entry: Any, task: str, count: int) -> list[float]:
    scores = entry.get(task) if isinstance(entry, dict) else None
    if not isinstance(scores, dict) or set(scores) != {str(number) for number in range(count)}:
        raise ScoringError(f"{path}: {name} has no {task} scores for the classes 0 to {count - 1}.")
    return [finite_number(f"{path}: {name}", f"{task} score", scores[str(number)]) for number in range(count)]


def _from_csv(path: Path, videos: Sequence[str], classes: Sequence[str]) -> Scores:
    header, rows = read_table(path, _COLUMNS, f"a csv file with the columns {','.join(_COLUMNS)}")
    columns = [header.index(name) for name in _COLUMNS]
    entries = []
    for number, cells in rows:
        where = f"{path}: line {number}"
        video, label, score = (cells[column] for column in columns)
        entries.append((where, video_name(video), label, finite_number(where, "score", score)))
    return _filled(path, entries, videos, classes)


def _from_json(path: Path, videos: Sequence[str], classes: Sequence[str]) -> Scores:
    found = checked_scores(read_known(path, {"tubelet": {}, "activitynet_results": {}}), path)
    entries = [
        (f"{path}: video {video.path}", video_name(video.path), label.name, label.score or 0.0)
        for video in found
        for label in video.labels
    ]
    return _filled(path, entries, videos, classes)


def _from_npz(path: Path, videos: Sequence[str], classes: Sequence[str]) -> Scores:
    arrays = read_arrays(path, "videos", "scores")
    names, scores = [video_name(str(name)) for name in arrays["videos"]], arrays["scores"]
    listed = [str(name) for name in arrays.get("classes", np.array(classes))]
    if scores.shape != (len(names), len(listed)) or not _finite(scores):
        raise ScoringError(
            f"{path} has scores of shape {scores.shape}; expected ({len(names)}, {len(listed)}), finite."
        )
    if set(listed) != set(classes):
        other = next(iter(set(listed) ^ set(classes)))
        raise ScoringError(f"{path} has {len(listed)} classes, the ground truth {len(classes)}; {other!r} is in one.")
    columns = {name: column for column, name in enumerate(listed)}
    return scores[_order(path, names, videos)][:, [columns[name] for name in classes]]


def _from_npy(path: Path, videos: Sequence[str], classes: Sequence[str]) -> Scores:
    scores = _loaded(path)
    if not isinstance(scores, np.ndarray) or scores.shape != (len(videos), len(classes)) or not _finite(scores):
        raise ScoringError(
            f"{path} has the shape {getattr(scores, 'shape', None)}; expected ({len(videos)}, {len(classes)}), finite "
            "scores in the order of the ground truth."
        )
    return scores


def _from_text(path: Path, videos: Sequence[str], classes: Sequence[str]) -> Scores:
    names, rows = [], []
    for number, line in read_lines(path, f"a video and {len(classes)} scores a line"):
        video, *cells = line.split()
        names.append(video_name(video))
        rows.append(_numbers(f"{path}: line {number}", cells, len(classes)))
    return np.array(rows).reshape(-1, len(classes))[_order(path, names, videos)]


_READERS: Mapping[str, Callable[[Path, Sequence[str], Sequence[str]], Scores]] = {
    ".csv": _from_csv,
    ".json": _from_json,
    ".npz": _from_npz,
    ".npy": _from_npy,
    ".txt": _from_text,
}


def _filled(
    path: Path, entries: Sequence[tuple[str, str, str, float]], videos: Sequence[str], classes: Sequence[str]
) -> Scores:
    """Scores (N, K) from (place in the file, video, class, score); what is not named is lower than all that is."""
    rows, columns = ({name: number for number, name in enumerate(some)} for some in (videos, classes))
    scores = np.full((len(videos), len(classes)), math.nan)
    for where, video, label, score in entries:
        column = columns.get(label, int(label) if label.isascii() and label.isdigit() else len(classes))
        if column >= len(classes):
            raise ScoringError(
                f"{where} has the class {label!r}; expected one of {len(classes)} names, or 0 to {len(classes) - 1}."
            )
        if video not in rows:
            raise ScoringError(f"{where} has the video {video!r}, which the ground truth lacks.")
        if not math.isnan(scores[rows[video], column]):
            raise ScoringError(f"{where} scores the class {label!r} of {video!r} for the second time.")
        scores[rows[video], column] = score
    _order(path, list(dict.fromkeys(video for _, video, _, _ in entries)), videos)
    return np.where(np.isnan(scores), np.nanmin(scores) - 1.0, scores)


def _order(path: Path, names: Sequence[str], wanted: Sequence[str]) -> NDArray[np.int64]:
    """Rows of the file in the order of the ground truth; every video once, and no other."""
    rows = {name: row for row, name in enumerate(names)}
    twice = next((name for row, name in enumerate(names) if rows[name] != row), None)
    if twice is not None:
        raise ScoringError(f"{path} has {twice!r} twice; expected every video once.")
    unknown = next((name for name in names if name not in set(wanted)), None) if set(names) - set(wanted) else None
    if unknown is not None:
        raise ScoringError(f"{path}: row {rows[unknown] + 1} has {unknown!r}, which the ground truth lacks.")
    missing = [name for name in wanted if name not in rows]
    if missing:
        raise ScoringError(
            f"{path} has no scores for {len(missing)} of the {len(wanted)} videos, the first {missing[0]!r}."
        )
    return np.array([rows[name] for name in wanted], np.int64)


def _numbers(where: str, cells: Sequence[str], count: int) -> list[float]:
    if len(cells) != count:
        raise ScoringError(f"{where} has {len(cells)} numbers; expected {count}.")
    return [finite_number(where, "score", cell) for cell in cells]


def read_arrays(path: Path, *names: str) -> dict[str, NDArray[Any]]:
    """The arrays of an npz; raises `ScoringError` when one of those that are named is not there."""
    content = _loaded(path)
    lacking = [name for name in names if isinstance(content, np.ndarray) or name not in content]
    if lacking:
        raise ScoringError(f"{path} has no array {lacking[0]!r}; expected {', '.join(names)}.")
    return dict(content)


def _loaded(path: Path) -> Any:
    """What NumPy's file holds; nothing in it is run."""
    packed = io.BytesIO(read_bytes(path, "a NumPy file of scores"))
    try:
        content = np.load(packed, allow_pickle=False)
        return content if isinstance(content, np.ndarray) else {name: content[name] for name in content.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ScoringError(f"{path} is not a whole NumPy file of plain arrays ({error}).") from None


def _finite(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "fiu" and bool(np.isfinite(array).all())


def _kind(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix.lower()
