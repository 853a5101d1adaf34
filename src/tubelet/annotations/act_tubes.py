"""Ground-truth tubes in the layout of the ACT detector: ``JHMDB-GT.pkl``, ``UCF101v2-GT.pkl``, ``multisports_GT.pkl``.

Kalogeiton et al., Action Tubelet Detector, ICCV 2017. A pickle of ``labels``, ``gttubes`` {video: {label: [(n, 5)
float32 rows of frame, x1, y1, x2, y2]}}, ``nframes``, ``train_videos`` and ``test_videos`` (a list a split) and
``resolution`` {video: (height, width)}. Frames count from 1. Pixels count from 0 and are the last ones *inside* the
box, so a box over the whole width of 320 ends at 319; they are divided by width and height as they are, without the
one pixel more. The files have no frame rate: JHMDB has 30 frames a second, UCF101-24 and MultiSports 25.
"""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from tubelet.annotations.actions import AnnotationError, Tube, Video, VideoSet
from tubelet.annotations.box_numbers import check_boxes
from tubelet.annotations.losses import report_losses
from tubelet.annotations.pickles import load_pickle, save_pickle
from tubelet.annotations.text_files import PathLike
from tubelet.annotations.units import frame_to_seconds, seconds_to_frame, to_fractions, to_pixels

_EXPECTED = "a pickle of labels, gttubes, nframes and resolution"
_SPLITS = {"train": "train_videos", "test": "test_videos"}


def read_act_tubes(
    path: PathLike, *, frame_rate: float, split: int = 1, subset: Literal["train", "test"] | None = None
) -> VideoSet:
    """Read the tubes of every video.

    Args:
        path: the pickle; may be gzipped.
        frame_rate: frames a second.
        split: from 1; which lists say what a video's ``subset`` is.
        subset: "train" or "test" of that split; None for all videos, those of neither list too.

    Returns:
        Videos in the order of the file. ``extra`` has the file's lists of all splits.

    Raises:
        AnnotationError: with file, video and value, where the file is not what was expected.
    """
    content = load_pickle(path, _EXPECTED)
    if not isinstance(content, dict) or not {"labels", "gttubes", "nframes", "resolution"} <= set(content):
        raise AnnotationError(f"{path} does not have the keys that it should; expected {_EXPECTED}.")
    classes = tuple(str(label) for label in content["labels"])
    lists = {
        key: [[str(name) for name in names] for names in content[key]] for key in _SPLITS.values() if key in content
    }
    subset_of: dict[str, str] = {}
    for name, key in _SPLITS.items():
        if key in lists and not 1 <= split <= max(len(lists[key]), 1):
            raise AnnotationError(f"{path} has no split {split}; expected 1 to {len(lists[key])}.")
        subset_of |= {video: name for names in lists.get(key, ())[split - 1 : split] for video in names}
    videos = [
        _read_video(path, str(name), content, classes, frame_rate, subset_of.get(str(name)))
        for name in content["gttubes"]
        if subset is None or subset_of.get(str(name)) == subset
    ]
    return VideoSet(tuple(videos), classes, lists)


def write_act_tubes(path: PathLike, videos: VideoSet) -> None:
    """Write tubes for the tools that read such pickles; the inverse of `read_act_tubes`.

    The lists of splits are those of ``videos.extra`` as far as the videos are there, else what ``subset`` says.

    Raises:
        AnnotationError: when a video lacks its frame rate, frames or size, or a label is none of the classes.
    """
    report_losses(path, videos, "tubes")
    present = {video.path for video in videos}
    lists = {
        key: [[name for name in names if name in present] for names in videos.extra[key]]
        for key in _SPLITS.values()
        if key in videos.extra
    } or {key: [[video.path for video in videos if video.subset == name]] for name, key in _SPLITS.items()}
    tubes: dict[str, dict[int, list[np.ndarray]]] = {}
    for video in videos:
        if None in (video.frame_rate, video.num_frames, video.width, video.height):
            raise AnnotationError(
                f"{video.path} lacks its frame rate, frames or size; they are needed to write {path}."
            )
        by_label = tubes.setdefault(video.path, {})
        for tube in video.tubes:
            by_label.setdefault(videos.class_index(tube.label), []).append(_rows(video, tube))
    content = {
        "labels": list(videos.classes),
        "gttubes": tubes,
        "nframes": {video.path: video.num_frames for video in videos},
        **lists,
        "resolution": {video.path: (video.height, video.width) for video in videos},
    }
    save_pickle(path, content)


def _read_video(
    path: PathLike, name: str, content: dict[str, Any], classes: tuple[str, ...], frame_rate: float, subset: str | None
) -> Video:
    where = f"{path}: video {name!r}"
    try:
        frames = int(content["nframes"][name])
        height, width = (int(size) for size in content["resolution"][name])
    except (KeyError, TypeError, ValueError):
        raise AnnotationError(f"{where} has no nframes or resolution; expected {_EXPECTED}.") from None
    tubes = tuple(
        Tube(
            frame_to_seconds(rows[:, 0], frame_rate, first=1),
            to_fractions(check_boxes(rows[:, 1:], width, height, _place(place, rows)), width, height),
            classes[label],
        )
        for place, label, rows in _labelled_rows(where, content["gttubes"][name], classes, frames)
    )
    return Video(name, frames / frame_rate, frame_rate, width, height, frames, subset, tubes=tubes)


def _labelled_rows(
    where: str, by_label: Any, classes: tuple[str, ...], frames: int
) -> Iterator[tuple[str, int, np.ndarray]]:
    """Place in the file, label and rows of every tube."""
    if not isinstance(by_label, dict):
        raise AnnotationError(f"{where} has the tubes {by_label!r:.80}; expected them by label.")
    for label, tubes in by_label.items():
        if not 0 <= int(label) < len(classes):
            raise AnnotationError(f"{where} has the label {label}; expected 0 to {len(classes) - 1}.")
        for number, tube in enumerate(tubes):
            place, rows = f"{where}, label {label}, tube {number}", np.asarray(tube)
            if rows.ndim != 2 or rows.shape[1] != 5 or len(rows) == 0 or rows.dtype.kind not in "fiu":
                raise AnnotationError(
                    f"{place} has the shape {rows.shape} and type {rows.dtype}; expected (n, 5) numbers."
                )
            numbers = rows[:, 0]
            bad = ~((numbers >= 1) & (numbers <= frames) & (numbers == np.rint(numbers)))
            bad[1:] |= numbers[1:] <= numbers[:-1]
            if bad.any():
                raise AnnotationError(
                    f"{place} has the frame {numbers[bad][0]:g}; expected ascending frames 1 to {frames}."
                )
            yield place, int(label), rows


def _place(where: str, rows: np.ndarray) -> Any:
    return lambda row: f"{where}, frame {rows[row, 0]:g}"


def _rows(video: Video, tube: Tube) -> np.ndarray:
    assert video.frame_rate is not None  # asked before
    assert video.width is not None
    assert video.height is not None
    frames = seconds_to_frame(tube.times, video.frame_rate, first=1)
    pixels = to_pixels(tube.boxes, video.width, video.height)
    return np.concatenate([frames[:, None], pixels], axis=1).astype(np.float32)
