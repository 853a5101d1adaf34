"""CVAT's "CVAT for video 1.1" XML: tracks of boxes, and tags on frames.

Frames count from 0, boxes are pixels xtl, ytl, xbr, ybr. A track's box says whether a person drew it (keyframe) and
whether the object has left (outside). Between the boxes of a file they move evenly; after the last one the object
stays to the end of the video unless that box is outside, as in CVAT itself. A track gives a `Tube` for every stretch
in which it is visible and its label is the same; the track's id is their actor. A tag (``<tag>`` in the ``<image>``
of its frame) gives a `Segment` for every run of frames that have it, a `Label` where all frames do. The XML has no
frame rate.

A task may have only some frames of its video (``start_frame``, ``stop_frame``, ``frame_filter``): ``size`` counts
those, all other numbers are the video's.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from tubelet.annotations.actions import AnnotationError, Label, Segment, Tube, Video, VideoSet
from tubelet.annotations.box_numbers import check_boxes
from tubelet.annotations.keyframes import between_keyframes
from tubelet.annotations.losses import report_losses, report_unread
from tubelet.annotations.text_files import PathLike, write_bytes
from tubelet.annotations.units import frame_to_seconds, seconds_to_frame, to_fractions, to_pixels
from tubelet.annotations.used_classes import used_classes
from tubelet.annotations.xml_files import read_xml

_EXPECTED = 'an export of "CVAT for video 1.1"'
_CORNERS = ("xtl", "ytl", "xbr", "ybr")


def read_cvat(
    path: PathLike, *, frame_rate: float, attribute: str | None = None, subset: str | None = None
) -> VideoSet:
    """Read one task.

    Args:
        path: the ``annotations.xml`` of the export; may be gzipped.
        frame_rate: frames a second of the video.
        attribute: of the boxes, whose value is the class (such as "action"); None takes the track's label.
        subset: what the video's ``subset`` shall say.

    Returns:
        One video, with the source of the task as its path. Its frames are counted as far as the task goes. What is no
        box or tag is left out, and turned boxes are read as if upright, with a `LossWarning`.

    Raises:
        AnnotationError: with file, line and value, where the file is not what was expected or has several tasks.
    """
    root, lines = read_xml(path, _EXPECTED)
    if root.tag != "annotations":
        raise AnnotationError(f"{path}: line 1 has the element {root.tag!r}; expected {_EXPECTED}.")
    tasks = root.findall("meta//task")
    if len(tasks) > 1:
        raise AnnotationError(f"{path} has {len(tasks)} tasks; expected one, for one video: export each on its own.")
    where = _Places(path, lines)
    size = root.find("meta//original_size")
    if size is None:
        raise AnnotationError(f"{path} has no original_size in its meta; expected {_EXPECTED}.")
    width, height = (
        int(where.number(size, child.text, tag)) for tag in ("width", "height") for child in size.iter(tag)
    )
    in_task, last = _whole(where, root, "size"), _whole(where, root, "stop_frame")
    frames = None if in_task is None else max(in_task, -1 if last is None else last + 1)
    tubes = [
        Tube(frame_to_seconds(numbers, frame_rate), to_fractions(boxes, width, height), label, actor=actor)
        for track in root.iter("track")
        for label, actor, numbers, boxes in _stretches(where, track, attribute, (width, height), frames)
    ]
    labels, segments = _tags(where, root, frame_rate, in_task, frames)
    report_unread(path, _left_out(root), "left out")
    report_unread(path, {"turned boxes": _turned(where, root)}, "read as if upright")
    source = root.findtext("meta//source") or str(path)
    duration = None if frames is None else frames / frame_rate
    video = Video(source, duration, frame_rate, width, height, frames, subset, labels, segments, (), tuple(tubes))
    known = [name.strip() for name in (element.text or "" for element in root.iterfind("meta//labels/label/name"))]
    used = used_classes([video])
    return VideoSet((video,), used if attribute else tuple(dict.fromkeys((*known, *used))))


def write_cvat(path: PathLike, videos: VideoSet) -> None:
    """Write one task for CVAT's "Upload annotations"; a track a tube, all of its boxes keyframes.

    Raises:
        AnnotationError: when there is not one video, or it lacks its frame rate, frames or size.
    """
    report_losses(path, videos, "labels", "segments", "tubes")
    if len(videos) != 1:
        raise AnnotationError(f"{path} would hold {len(videos)} videos; a CVAT task has one: write a file for each.")
    video = videos.videos[0]
    if video.frame_rate is None or video.num_frames is None or video.width is None or video.height is None:
        raise AnnotationError(f"{video.path} lacks its frame rate, frames or size; they are needed to write {path}.")
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    task = SubElement(SubElement(root, "meta"), "task")
    for tag, text in (("name", video.path), ("size", str(video.num_frames)), ("mode", "interpolation")):
        SubElement(task, tag).text = text
    labels = SubElement(task, "labels")
    for name in videos.classes:
        SubElement(SubElement(labels, "label"), "name").text = name
    original = SubElement(task, "original_size")
    SubElement(original, "width").text, SubElement(original, "height").text = str(video.width), str(video.height)
    SubElement(task, "source").text = video.path
    for number, tube in enumerate(video.tubes):
        _write_track(root, number, tube, video.frame_rate, (video.width, video.height), video.num_frames)
    tagged: dict[int, list[str]] = {}
    for name, first, last in [
        *((label.name, 0, video.num_frames) for label in video.labels),
        *(
            (segment.label, *seconds_to_frame([segment.start, segment.end], video.frame_rate).tolist())
            for segment in video.segments
        ),
    ]:
        for frame in range(first, max(last, first + 1)):  # one that is shorter than a frame has its first
            tagged.setdefault(frame, []).append(name)
    for frame, names in sorted(tagged.items()):
        size = {"width": str(video.width), "height": str(video.height)}
        image = SubElement(root, "image", {"id": str(frame), "name": f"frame_{frame:06d}", **size})
        for name in names:
            SubElement(image, "tag", {"label": name, "source": "manual"})
    indent(root)
    write_bytes(path, tostring(root, "utf-8", xml_declaration=True) + b"\n")


class _Places:
    """Elements by their line in the file, and their numbers."""

    def __init__(self, path: PathLike, lines: Mapping[Element, int]) -> None:
        self.path, self.lines = path, lines

    def at(self, element: Element) -> str:
        return f"{self.path}: line {self.lines[element]}"

    def number(self, element: Element, text: str | None, what: str) -> float:
        try:
            value = float(text or "")
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise AnnotationError(f"{self.at(element)} has the {what} {text!r}; expected a finite number.")
        return value


def _stretches(
    where: _Places, track: Element, attribute: str | None, size: tuple[int, int], frames: int | None
) -> Iterator[tuple[str, str | None, np.ndarray, np.ndarray]]:
    """Label, actor, frames and boxes of every stretch in which a track is visible with one label."""
    drawn = track.findall("box")
    if not drawn:
        return
    keys = np.array([where.number(box, box.get("frame"), "frame") for box in drawn], np.int64)
    if keys[0] < 0 or np.any(np.diff(keys) <= 0):
        raise AnnotationError(f"{where.at(track)} has a track whose frames do not ascend from 0.")
    if frames is not None and keys[-1] >= frames and drawn[-1].get("outside") != "1":
        raise AnnotationError(f"{where.at(drawn[-1])} has the frame {keys[-1]}; expected 0 to {frames - 1}.")
    corners = [[where.number(box, box.get(corner), corner) for corner in _CORNERS] for box in drawn]
    boxes = check_boxes(corners, *size, lambda row: where.at(drawn[row]))
    states = [None if box.get("outside") == "1" else _label(where, track, box, attribute) for box in drawn]
    ends = [*range(1, len(drawn))]
    begins = [0, *(i for i in ends if states[i] != states[i - 1])]
    every, moved = between_keyframes(keys, boxes, last=None if frames is None or states[-1] is None else frames - 1)
    for begin, after in zip(begins, [*begins[1:], None], strict=True):
        label = states[begin]
        if label is None:
            continue
        rows = (every >= keys[begin]) & (every < (every[-1] + 1 if after is None else keys[after]))
        yield label, track.get("id"), every[rows], moved[rows]


def _label(where: _Places, track: Element, box: Element, attribute: str | None) -> str:
    if attribute is None:
        label = track.get("label")
    else:
        label = next((item.text for item in box.iter("attribute") if item.get("name") == attribute), None)
    if not label or not label.strip():
        raise AnnotationError(f"{where.at(box)} has no {attribute or 'label'}; expected one on every visible box.")
    return label.strip()


def _whole(where: _Places, root: Element, tag: str) -> int | None:
    element = root.find(f"meta//{tag}")
    return None if element is None or not element.text else int(where.number(element, element.text, tag))


def _step(where: _Places, root: Element) -> int:
    """How many frames of the video lie between one frame of the task and the next."""
    element = root.find("meta//frame_filter")
    if element is None or not element.text or not element.text.strip():
        return 1
    step = re.fullmatch(r"step\s*=\s*([1-9]\d*)", element.text.strip())
    if step is None:
        raise AnnotationError(f"{where.at(element)} has the frame_filter {element.text!r}; expected step=<number>.")
    return int(step[1])


def _tags(
    where: _Places, root: Element, frame_rate: float, in_task: int | None, frames: int | None
) -> tuple[tuple[Label, ...], tuple[Segment, ...]]:
    tagged: dict[str, set[int]] = {}
    for image in root.iter("image"):
        frame = int(where.number(image, image.get("id"), "id"))
        for tag in image.iter("tag"):
            tagged.setdefault(tag.get("label", ""), set()).add(frame)
    step = _step(where, root)
    labels, segments = [], []
    for name, some in tagged.items():
        if len(some) == in_task:
            labels.append(Label(name))
            continue
        numbers = np.array(sorted(some))
        for run in np.split(numbers, np.flatnonzero(np.diff(numbers) > step) + 1):
            after = run[-1] + step if frames is None else min(run[-1] + step, max(frames, run[-1] + 1))
            start, end = frame_to_seconds([run[0], after], frame_rate).tolist()
            segments.append(Segment(start, end, name))
    return tuple(labels), tuple(segments)


def _left_out(root: Element) -> Counter[str]:
    """What is neither a track of boxes nor the tag of an image."""
    counts = Counter(f"{shape} tracks" for track in root.iter("track") for shape in sorted({one.tag for one in track}))
    counts.update(f"single {shape.tag} shapes" for image in root.iter("image") for shape in image)
    counts["tags outside of images"] = len(root.findall("tag"))
    del counts["box tracks"], counts["single tag shapes"]
    return counts


def _turned(where: _Places, root: Element) -> int:
    """How many boxes that are seen have a rotation."""
    seen = [box for box in root.iterfind("track/box") if box.get("outside") != "1"]
    return sum(where.number(box, box.get("rotation", "0"), "rotation") != 0 for box in seen)


def _write_track(root: Element, number: int, tube: Tube, frame_rate: float, size: tuple[int, int], frames: int) -> None:
    track = SubElement(root, "track", {"id": str(number), "label": tube.label, "source": "manual"})
    keys = seconds_to_frame(tube.times, frame_rate).tolist()
    boxes = to_pixels(tube.boxes, *size).tolist()
    shown = [(key, box, "0") for key, box in zip(keys, boxes, strict=True)]
    if keys[-1] + 1 < frames:
        shown.append((keys[-1] + 1, boxes[-1], "1"))
    for key, box, outside in shown:
        corners = {corner: f"{value:.4f}" for corner, value in zip(_CORNERS, box, strict=True)}
        state = {"frame": str(key), "keyframe": "1", "outside": outside, "occluded": "0"}
        SubElement(track, "box", {**state, **corners, "z_order": "0"})
