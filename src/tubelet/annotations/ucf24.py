"""The corrected annotation of UCF101-24: ``pyannot.pkl`` and ``finalAnnots.mat`` (gurkirt/corrected-UCF101-Annots).

The pickle is {class/video: {numf, label, annotations [{label, sf, ef, boxes}]}} with ``sf`` from 0 and ``ef``
exclusive; in the MATLAB file they count from 1 and ``ef`` is the last frame. Boxes are (n, 4) x, y, w, h in uint8 or
uint16, which overflow when added as they are; here the right edge is x + w, the lower one y + h. Videos are 320 x 240
at 25 frames a second, classes are the folders in alphabetical order.
"""

import io
from typing import Any

import numpy as np

from tubelet.annotations.actions import AnnotationError, Tube, Video, VideoSet
from tubelet.annotations.box_numbers import check_boxes
from tubelet.annotations.losses import report_losses
from tubelet.annotations.pickles import load_pickle, save_pickle
from tubelet.annotations.text_files import PathLike, read_bytes, read_lines, write_bytes
from tubelet.annotations.units import frame_to_seconds, seconds_to_frame, to_fractions, to_pixels

FRAME_RATE, WIDTH, HEIGHT = 25.0, 320, 240

_PICKLE = "a pickle of {class/video: {numf, label, annotations}}"
_MATLAB = "a MATLAB file with the struct array annot (name, num_imgs, tubes)"


def read_ucf24_pickle(path: PathLike, *, test_list: PathLike | None = None) -> VideoSet:
    """Read ``pyannot.pkl``.

    Args:
        path: the pickle; may be gzipped.
        test_list: ``testlist01.txt``; videos in it are "test", all others "train". Without it they have no subset.

    Raises:
        AnnotationError: with file, video and value, where the file is not what was expected.
    """
    content = load_pickle(path, _PICKLE)
    try:
        entries = [
            (str(name), int(entry["numf"]), [(item["label"], item["sf"], item["ef"], item["boxes"]) for item in items])
            for name, entry in content.items()
            for items in [entry["annotations"]]
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnnotationError(f"{path} is not laid out as it should be ({error!r}); expected {_PICKLE}.") from None
    return _videos(path, entries, test_list)


def read_ucf24_matlab(path: PathLike, *, test_list: PathLike | None = None) -> VideoSet:
    """Read ``finalAnnots.mat``; arguments and errors as `read_ucf24_pickle`."""
    import scipy.io  # here, for it takes long to load

    content = read_bytes(path, _MATLAB)
    try:
        structs = scipy.io.loadmat(io.BytesIO(content), variable_names=["annot"])["annot"].ravel()
        entries = [
            (
                str(struct["name"].item()),
                int(struct["num_imgs"].item()),
                [
                    (tube["class"].item() - 1, tube["sf"].item() - 1, tube["ef"].item(), tube["boxes"])
                    for tube in struct["tubes"].ravel()
                ],
            )
            for struct in structs
        ]
    except Exception as error:  # a broken file can raise anything
        raise AnnotationError(f"{path} is not laid out as it should be ({error!r}); expected {_MATLAB}.") from None
    return _videos(path, entries, test_list)


def write_ucf24_pickle(path: PathLike, videos: VideoSet) -> None:
    """Write ``pyannot.pkl``; the inverse of `read_ucf24_pickle`, but that a video's label is its first tube's.

    Raises:
        AnnotationError: when the classes are not the videos' folders in alphabetical order, which are all that the file
            says of them, or a video lacks its frame rate or number of frames.
    """
    report_losses(path, videos, "tubes")
    _check_classes(path, videos)
    content = {}
    for video in videos:
        items = [
            {"label": label, "ef": last, "boxes": boxes, "sf": first - 1}
            for label, first, last, boxes in _items(path, video, videos)
        ]
        content[video.path] = {
            "annotations": items,
            "numf": video.num_frames,
            "label": items[0]["label"] if items else videos.class_index(video.path.split("/")[0]),
        }
    save_pickle(path, content)


def write_ucf24_matlab(path: PathLike, videos: VideoSet) -> None:
    """Write ``finalAnnots.mat``; the inverse of `read_ucf24_matlab`; errors as `write_ucf24_pickle`."""
    report_losses(path, videos, "tubes")
    _check_classes(path, videos)
    import scipy.io

    annot = np.empty((1, len(videos)), [("num_imgs", object), ("name", object), ("tubes", object)])
    for column, video in enumerate(videos):
        items = list(_items(path, video, videos))
        tubes = np.empty((1, len(items)), [("ef", object), ("sf", object), ("class", object), ("boxes", object)])
        for index, (label, first, last, boxes) in enumerate(items):
            tubes[0, index] = (_smallest(last), _smallest(first), _smallest(label + 1), boxes)
        annot[0, column] = (_smallest(video.num_frames), video.path, tubes)
    content = io.BytesIO()
    scipy.io.savemat(content, {"annot": annot}, do_compression=True)
    write_bytes(path, content.getvalue())


def _videos(path: PathLike, entries: list[tuple[str, int, list[Any]]], test_list: PathLike | None) -> VideoSet:
    expected = "a video on every line, Basketball/v_Basketball_g01_c01"
    lines = () if test_list is None else read_lines(test_list, expected)
    test = dict.fromkeys(line.split()[0].removesuffix(".avi") for _, line in lines)
    classes = tuple(sorted({name.split("/")[0] for name, _, _ in entries}))
    videos = []
    for name, frames, items in entries:
        tubes = tuple(
            _tube(f"{path}: video {name!r}, tube {number}", frames, classes, *item) for number, item in enumerate(items)
        )
        subset = None if test_list is None else "test" if name in test else "train"
        videos.append(Video(name, frames / FRAME_RATE, FRAME_RATE, WIDTH, HEIGHT, frames, subset, tubes=tubes))
    return VideoSet(tuple(videos), classes, {"test_videos": [list(test)]} if test else {})


def _tube(where: str, frames: int, classes: tuple[str, ...], label: int, first: int, last: int, boxes: Any) -> Tube:
    numbers = np.asarray(boxes)
    if not 0 <= label < len(classes):
        raise AnnotationError(f"{where} has the label {label}; expected 0 to {len(classes) - 1}.")
    if not 0 <= first < last <= frames or numbers.shape != (last - first, 4) or numbers.dtype.kind not in "fiu":
        raise AnnotationError(
            f"{where} has boxes of shape {numbers.shape} on the frames {first} to {last} (exclusive); expected "
            f"one on each, and frames from 0 to {frames}."
        )
    xyxy = numbers.astype(np.float64)  # before adding: they are unsigned bytes
    xyxy[:, 2:] += xyxy[:, :2]
    check_boxes(xyxy, WIDTH, HEIGHT, lambda row: f"{where}, frame {first + row}")
    times = frame_to_seconds(np.arange(first, last), FRAME_RATE)
    return Tube(times, to_fractions(xyxy, WIDTH, HEIGHT), classes[label])


def _check_classes(path: PathLike, videos: VideoSet) -> None:
    folders = tuple(sorted({video.path.split("/")[0] for video in videos}))
    if folders != videos.classes:
        raise AnnotationError(
            f"{path} would have the folders of the videos as classes, {', '.join(folders[:3])}, ...; the set has "
            f"{', '.join(videos.classes[:3])}, ...: expected videos called <class>/<video>, of every class."
        )


def _items(path: PathLike, video: Video, videos: VideoSet) -> list[tuple[int, int, int, np.ndarray]]:
    """Label from 0, first and last frame from 1, and boxes x, y, w, h of every tube."""
    if video.num_frames is None or video.frame_rate is None:
        raise AnnotationError(
            f"{video.path} lacks its frame rate or number of frames; they are needed to write {path}."
        )
    items = []
    for tube in video.tubes:
        frames = seconds_to_frame(tube.times, video.frame_rate, first=1)
        if np.any(np.diff(frames) != 1):
            raise AnnotationError(f"{video.path} has a tube {tube.label!r} with frames left out; {path} cannot say so.")
        corners = np.rint(to_pixels(tube.boxes, video.width or WIDTH, video.height or HEIGHT))
        corners[:, 2:] -= corners[:, :2]
        items.append((videos.class_index(tube.label), int(frames[0]), int(frames[-1]), _smallest(corners)))
    return items


def _smallest(numbers: Any) -> np.ndarray:
    """As MATLAB keeps whole numbers: in one byte where they fit, columns first."""
    numbers = np.asarray(numbers)
    return np.asfortranarray(numbers, np.uint8 if numbers.max() < 256 else np.uint16)
