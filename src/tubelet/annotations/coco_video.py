"""COCO's JSON, made for videos: the two forms that are in use, and a writer of the first.

*A box an annotation* (TAO, CocoVID, MOT sets turned into COCO): ``images`` have a ``video_id`` and ``frame_index``
(or ``frame_id``), annotations an ``image_id``, ``category_id``, ``bbox`` and a ``track_id`` (or ``instance_id``). *A
track an annotation* (YouTube-VIS): annotations have a ``video_id`` and ``bboxes``, one a frame, null where the object
is not seen. Boxes are x, y, width, height in pixels; frames count from 0 unless the caller says 1. A track gives a
`Tube`, a box without one a `Box`; nothing is filled in between frames. Most such files have no frame rate: ours write
``fps`` into each video.
"""

from collections import defaultdict
from typing import Any, Literal

import numpy as np

from tubelet.annotations.actions import AnnotationError, Box, Tube, Video, VideoSet
from tubelet.annotations.box_numbers import check_boxes
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, read_json, write_json
from tubelet.annotations.units import frame_to_seconds, seconds_to_frame, to_fractions, to_pixels

_EXPECTED = "COCO's JSON for videos (videos, annotations, categories)"

_Row = tuple[str, int, str | None, list[float], Any]
"""Class, frame, track, bbox, and the id of the annotation."""


def read_coco_video(
    path: PathLike, *, frame_rate: float | None = None, first: Literal[0, 1] = 0, subset: str | None = None
) -> VideoSet:
    """Read either form.

    Args:
        path: the JSON; may be gzipped.
        frame_rate: frames a second; None takes each video's ``fps`` (or ``frame_rate``).
        first: the number of a video's first frame: 1 for MOT sets whose ``frame_id`` counts from 1.
        subset: what the videos' ``subset`` shall say.

    Raises:
        AnnotationError: with file, annotation and value, where the file is not what was expected.
    """
    content = read_json(path, _EXPECTED)
    if not isinstance(content, dict) or not {"videos", "annotations", "categories"} <= set(content):
        raise AnnotationError(f"{path} does not have the keys that it should; expected {_EXPECTED}.")
    try:
        categories = {item["id"]: item["name"] for item in sorted(content["categories"], key=lambda item: item["id"])}
        rows = _rows(path, content, categories, first)
        videos = tuple(
            _read_video(path, item, rows.get(item["id"], []), frame_rate, first, subset) for item in content["videos"]
        )
    except AnnotationError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnnotationError(f"{path} is not laid out as it should be ({error!r}); expected {_EXPECTED}.") from None
    return VideoSet(videos, tuple(categories.values()))


def write_coco_video(path: PathLike, videos: VideoSet) -> None:
    """Write a box an annotation: tubes with track ids, boxes without; frames from 0.

    Raises:
        AnnotationError: when a video lacks its frame rate or size, or a label is none of the classes.
    """
    report_losses(path, videos, "boxes", "tubes")
    images: dict[tuple[int, int], dict[str, Any]] = {}
    annotations: list[dict[str, Any]] = []
    entries, track = [], 0
    for number, video in enumerate(videos, start=1):
        if video.frame_rate is None or video.width is None or video.height is None:
            raise AnnotationError(f"{video.path} lacks its frame rate or size; they are needed to write {path}.")
        size = {"width": video.width, "height": video.height}
        length = {} if video.num_frames is None else {"length": video.num_frames}
        entries.append({"id": number, "name": video.path, **size, "fps": video.frame_rate, **length})
        found: list[tuple[Any, Any, str, int | None]] = [
            ([box.time], [box.xyxy], box.label, None) for box in video.boxes
        ]
        for tube in video.tubes:
            track += 1
            found.append((tube.times, tube.boxes, tube.label, track))
        for times, boxes, label, identity in found:
            frames = seconds_to_frame(times, video.frame_rate).tolist()
            corners = to_pixels(boxes, video.width, video.height)
            corners[:, 2:] -= corners[:, :2]
            for frame, (x, y, width, height) in zip(frames, corners.tolist(), strict=True):
                image = {"id": len(images) + 1, "video_id": number, "frame_index": frame, **size}
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": images.setdefault((number, frame), image)["id"],
                        "video_id": number,
                        "category_id": videos.class_index(label) + 1,
                        "bbox": [x, y, width, height],
                        "area": width * height,
                        "iscrowd": 0,
                        **({} if identity is None else {"track_id": identity}),
                    }
                )
    categories = [{"id": index, "name": name} for index, name in enumerate(videos.classes, start=1)]
    tables = {"videos": entries, "images": list(images.values()), "annotations": annotations}
    write_json(path, tables | {"categories": categories})


def _rows(path: PathLike, content: dict[str, Any], categories: dict[Any, str], first: int) -> dict[Any, list[_Row]]:
    """The boxes of every video, by its id, from either form."""
    images = {
        image["id"]: (image["video_id"], image["frame_index"] if "frame_index" in image else image["frame_id"])
        for image in content.get("images", ())
    }
    videos = {video["id"] for video in content["videos"]}
    rows: dict[Any, list[_Row]] = defaultdict(list)
    for item in content["annotations"]:
        where = f"{path}: annotation {item.get('id', '?')}"
        if item["category_id"] not in categories:
            raise AnnotationError(
                f"{where} has the category {item['category_id']!r}; expected one of {list(categories)}."
            )
        label = categories[item["category_id"]]
        track: str | None
        if "bboxes" in item:
            video, track = item["video_id"], str(item["id"])
            boxes = [(index + first, box) for index, box in enumerate(item["bboxes"]) if box]
        else:
            if item["image_id"] not in images:
                raise AnnotationError(f"{where} has the image {item['image_id']!r}, which is not among the images.")
            video, frame = images[item["image_id"]]
            number = item.get("track_id", item.get("instance_id"))
            track = None if number is None else str(number)
            boxes = [(frame, item["bbox"])]
        if video not in videos:
            raise AnnotationError(f"{where} has the video {video!r}, which is not among the videos.")
        for frame, box in boxes:
            if len(box) != 4:
                raise AnnotationError(f"{where} has the bbox {box}; expected x, y, width, height.")
            rows[video].append((label, frame, track, box, item.get("id", "?")))
    return rows


def _read_video(
    path: PathLike,
    item: dict[str, Any],
    rows: list[_Row],
    frame_rate: float | None,
    first: Literal[0, 1],
    subset: str | None,
) -> Video:
    name = item["name"] if "name" in item else item["file_names"][0] if "file_names" in item else item["file_name"]
    rate = frame_rate or item.get("fps") or item.get("frame_rate")
    if not rate:
        raise AnnotationError(f"{path}: video {name!r} has no fps; pass frame_rate.")
    width, height = item["width"], item["height"]
    corners = np.array([box for *_, box, _ in rows], np.float64).reshape(-1, 4)
    corners[:, 2:] += corners[:, :2]
    check_boxes(corners, width, height, lambda row: f"{path}: annotation {rows[row][-1]}, frame {rows[row][1]}")
    fractions = to_fractions(corners, width, height)
    times = frame_to_seconds([frame for _, frame, *_ in rows], rate, first=first)
    boxes = []
    tracks: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, (label, _, track, _, _) in enumerate(rows):
        if track is None:
            left, top, right, bottom = fractions[index].tolist()
            boxes.append(Box(float(times[index]), (left, top, right, bottom), label))
        else:
            tracks[track, label].append(index)
    tubes = []
    for (track, label), some in tracks.items():
        order = np.array(some)[np.argsort(times[some], kind="stable")]
        try:
            tubes.append(Tube(times[order], fractions[order], label, actor=track))
        except AnnotationError as error:
            raise AnnotationError(f"{path}: track {track} of video {name!r}: {error}") from None
    length = item.get("length")
    duration = None if length is None else length / rate
    return Video(name, duration, rate, width, height, length, subset, boxes=tuple(boxes), tubes=tuple(tubes))
