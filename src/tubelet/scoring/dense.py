"""Many labels at every moment: MultiTHUMOS' frame mAP (seg-mAP) and the localisation of Charades.

Scores of moments come as `tubelet.scoring.video_scores.read_moment_scores` describes, or as scored segments.
MultiTHUMOS' cells are every fourth frame, so that numbers of frames are needed: a csv of videos (``info``) with the
columns ``video`` and ``count``, or the ground truth's ``num_frames``; dense scores say how many cells there are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tubelet.annotations import Video, VideoSet
from tubelet.annotations.segment_rows import finite_number
from tubelet.annotations.text_files import read_table
from tubelet.metrics.dense_labels import (
    CHARADES_MOMENTS,
    labels_at_frames,
    labels_at_moments,
    labels_in_cells,
    scores_from_segments,
)
from tubelet.metrics.multi_label import MultiLabelFigures, frame_figures, official_lines, ranked_figures
from tubelet.metrics.tables import Segments
from tubelet.scoring.columns import numbered, segments_of
from tubelet.scoring.files import (
    Files,
    Options,
    ScoringError,
    check_some_known,
    checked_labels,
    checked_scores,
    of_subset,
    read_known,
    video_name,
    videos_by_name,
)
from tubelet.scoring.result import Score
from tubelet.scoring.temporal import RESULTS, TESTING
from tubelet.scoring.video_scores import read_moment_scores

INTERVAL = 4  # frames a cell


def charades_truth(files: Files) -> Mapping[str, Options]:
    """The formats of Charades' ground truth."""
    return {"tubelet": {}, "charades_json": {"classes": files.classes}, "charades": {"classes": files.classes}}


def multithumos_truth(files: Files) -> Mapping[str, Options]:
    """The formats of MultiTHUMOS' ground truth."""
    return {"tubelet": {}, "multithumos": {"classes": files.classes}}


def multithumos_frames(files: Files, flavour: str) -> Score:
    """Frame mAP over the cells of all videos; segments become scores of cells PointTAD's way."""
    truth, names = _truth(files, multithumos_truth(files))
    frames, dense = _frames(files, names), _dense(files, names, truth)
    found = None if dense is not None else _segments(files, truth)
    labels: list[NDArray[np.bool_]] = []
    scores: list[NDArray[np.floating]] = []
    for name, video in names.items():
        instances, duration = _segments_of(video, truth), _duration(video, files)
        count = frames.get(name, 0 if dense is None else INTERVAL * len(dense[name]))
        if not count:
            raise ScoringError(
                f"{name} has no number of frames; pass a csv of videos with the columns video and count."
            )
        cells = count // INTERVAL
        if dense is not None:
            if len(dense[name]) != cells:
                raise ScoringError(f"{files.predictions}: {name} has {len(dense[name])} moments; expected {cells}.")
            labels.append(labels_at_frames(instances, count / duration, count, len(truth.classes)))
            scores.append(dense[name])
        else:
            assert found is not None
            labels.append(labels_in_cells(instances, duration, cells, len(truth.classes)))
            predictions = _segments_of(found.get(name), truth)
            scores.append(scores_from_segments(predictions, duration, cells, len(truth.classes)))
    return _score(frame_figures(np.concatenate(scores), np.concatenate(labels)), truth, "frame mAP")


def charades_localization(files: Files, flavour: str) -> Score:
    """Mean average precision over 25 moments of every video; a moment has the best score of the segments around it."""
    truth, names = _truth(files, charades_truth(files))
    dense = _dense(files, names, truth)
    found = None if dense is not None else _segments(files, truth)
    labels: list[NDArray[np.bool_]] = []
    scores: list[NDArray[np.floating]] = []
    for name, video in names.items():
        duration = _duration(video, files)
        labels.append(labels_at_moments(_segments_of(video, truth), duration, len(truth.classes)))
        if dense is None:
            assert found is not None
            scores.append(_best_at_moments(_segments_of(found.get(name), truth), duration, len(truth.classes)))
        elif len(dense[name]) == CHARADES_MOMENTS:
            scores.append(dense[name])
        else:
            raise ScoringError(
                f"{files.predictions}: {name} has {len(dense[name])} moments; expected {CHARADES_MOMENTS}."
            )
    return _score(ranked_figures(np.concatenate(scores), np.concatenate(labels)), truth, "mAP")


def _truth(files: Files, formats: Mapping[str, Options]) -> tuple[VideoSet, dict[str, Video]]:
    truth = of_subset(read_known(files.ground_truth, formats), files.ground_truth, files.subset, TESTING)
    return truth, videos_by_name(truth, files.ground_truth)


def _dense(files: Files, names: Mapping[str, Video], truth: VideoSet) -> dict[str, NDArray[np.floating]] | None:
    """Scores of moments by video; None where the predictions are segments."""
    if files.predictions.name.removesuffix(".gz").endswith(".json"):
        return None
    found = read_moment_scores(files.predictions, len(truth.classes))
    lacking, other = [name for name in names if name not in found], [name for name in found if name not in names]
    if lacking or other:
        what = (
            f"no scores for the video {lacking[0]!r}" if lacking else f"the video {other[0]!r}, not in the ground truth"
        )
        raise ScoringError(f"{files.predictions} has {what}; expected those of the {len(names)} videos.")
    return found


def _segments(files: Files, truth: VideoSet) -> dict[str, Video]:
    found = checked_scores(read_known(files.predictions, RESULTS), files.predictions)
    check_some_known([video.path for video in found], [video.path for video in truth], files)
    checked_labels(found, files.predictions, truth.classes)
    return videos_by_name(found, files.predictions)


def _segments_of(video: Video | None, truth: VideoSet) -> Segments:
    """The segments of one video; none, with scores, for a video that is not there."""
    some = VideoSet(() if video is None else (video,))
    return segments_of(some, numbered(one.path for one in some), numbered(truth.classes))


def _frames(files: Files, names: Mapping[str, Video]) -> dict[str, int]:
    """Numbers of frames by video, as far as they are known."""
    known = {name: video.num_frames for name, video in names.items() if video.num_frames}
    if files.info is not None:
        header, rows = read_table(files.info, ("video", "count"), "a csv file with the columns video and count")
        for number, cells in rows:
            count = finite_number(f"{files.info}: line {number}", "count", cells[header.index("count")])
            known[video_name(cells[header.index("video")])] = int(count)
    return known


def _duration(video: Video, files: Files) -> float:
    if not video.duration:
        raise ScoringError(f"{files.ground_truth}: the video {video.path} has no duration; moments are shares of it.")
    return video.duration


def _best_at_moments(predictions: Segments, duration: float, num_classes: int) -> NDArray[np.float64]:
    times = np.arange(CHARADES_MOMENTS) * duration / CHARADES_MOMENTS
    rows, moments = np.nonzero((predictions.starts[:, None] <= times) & (times <= predictions.ends[:, None]))
    best = np.zeros((CHARADES_MOMENTS, num_classes))
    if predictions.scores is not None:
        np.maximum.at(best, (moments, predictions.labels[rows]), predictions.scores[rows])
    return best


def _score(found: MultiLabelFigures, truth: VideoSet, name: str) -> Score:
    by_class = dict(zip(truth.classes, found.average_precision.tolist(), strict=True))
    empty = int(np.count_nonzero(found.positives == 0))
    notes = {"classes without a moment; they count as 0": empty} if empty else {}
    return Score({name: found.mean}, {name: by_class}, official_lines(found), notes)
