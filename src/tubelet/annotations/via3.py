"""Projects of the VGG Image Annotator 3 (VIA 3): segments on a timeline and rectangles on frames of videos.

An entry of ``metadata`` belongs to a view (``vid``), and through it to a file. ``z`` is [start, end] in seconds for a
segment, [time] for a frame, [] for the whole file; ``xy`` is [2, x, y, width, height] in pixels for a rectangle, []
for none; ``av`` has the values of the attributes: option ids for lists (several with commas for checkboxes), text
otherwise. Segments without a shape become `Segment`, rectangles `Box`, entries for the whole file `Label`. Projects
hold neither size nor frame rate. Each of the three has its own attribute in most projects, segments VIA's own
"TEMPORAL-SEGMENTS".
"""

from collections.abc import Mapping
from typing import Any

from tubelet.annotations.actions import AnnotationError, Box, Label, Segment, Video, VideoSet
from tubelet.annotations.box_numbers import check_boxes
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, read_json, write_json
from tubelet.annotations.units import to_fractions, to_pixels
from tubelet.annotations.used_classes import used_classes

_EXPECTED = "a project of VIA 3 (attribute, file, view, metadata)"
_SELECT = 4
_VIDEO_FILE, _LOCAL = 4, 1
_RECTANGLE = 2


def read_via3(
    path: PathLike,
    *,
    attribute: str | None = None,
    sizes: Mapping[str, tuple[int, int]] | tuple[int, int] | None = None,
    subset: str | None = None,
) -> VideoSet:
    """Read a project.

    Args:
        path: the JSON; may be gzipped.
        attribute: the one whose value is the class. Segments, rectangles or whole files that have values of one
            attribute only are read by that; None where this holds for all of them.
        sizes: width and height of the videos, one for all or by file name; needed for rectangles.
        subset: what the videos' ``subset`` shall say.

    Raises:
        AnnotationError: with file, entry and value, where the project is not what was expected.
    """
    project = read_json(path, _EXPECTED)
    if not isinstance(project, dict) or not {"attribute", "file", "view", "metadata"} <= set(project):
        raise AnnotationError(f"{path} does not have the keys that it should; expected {_EXPECTED}.")
    try:
        attributes = _attributes(path, project, attribute)
        options = {
            key: dict(value.get("options") or {})
            for key, value in project["attribute"].items()
            if key in attributes.values()
        }
        files = {vid: project["file"][str(view["fid_list"][0])]["fname"] for vid, view in project["view"].items()}
        names = list(dict.fromkeys(file["fname"] for file in project["file"].values()))
        found: dict[str, tuple[list[Label], list[Segment], list[Box]]] = {name: ([], [], []) for name in names}
        for entry, metadata in project["metadata"].items():
            where = f"{path}: metadata {entry!r}"
            name = files[str(metadata["vid"])]
            size = sizes.get(name) if isinstance(sizes, Mapping) else sizes
            key = attributes[_kind(metadata)]
            _add(where, metadata, _values(where, metadata, key, options[key]), size, *found[name])
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise AnnotationError(f"{path} is not laid out as it should be ({error!r}); expected {_EXPECTED}.") from None
    videos = []
    for name, (labels, segments, boxes) in found.items():
        width, height = (sizes.get(name) if isinstance(sizes, Mapping) else sizes) or (None, None)
        actions = {"labels": tuple(labels), "segments": tuple(segments), "boxes": tuple(boxes)}
        videos.append(Video(name, width=width, height=height, subset=subset, **actions))  # type: ignore[arg-type]
    listed = (name for names in options.values() for name in names.values())
    return VideoSet(tuple(videos), tuple(dict.fromkeys((*listed, *used_classes(videos)))))


def write_via3(path: PathLike, videos: VideoSet, *, attribute: str = "action") -> None:
    """Write a project with one list of the classes; a tube's boxes are rectangles on their frames.

    Raises:
        AnnotationError: when a video has boxes but no size, or a label is none of the classes.
    """
    report_losses(path, videos, "labels", "segments", "boxes", "tubes")
    metadata: dict[str, Any] = {}
    for number, video in enumerate(videos, start=1):
        boxes = [(box.time, box.xyxy, box.label) for box in video.boxes]
        for tube in video.tubes:
            boxes.extend((time, box, tube.label) for time, box in zip(tube.times.tolist(), tube.boxes, strict=True))
        if boxes and (video.width is None or video.height is None):
            raise AnnotationError(f"{video.path} lacks its width or height; rectangles are in pixels.")
        places: list[tuple[list[float], list[float], str]] = [([], [], label.name) for label in video.labels]
        places.extend(([segment.start, segment.end], [], segment.label) for segment in video.segments)
        for time, xyxy, label in boxes:
            left, top, right, bottom = to_pixels(xyxy, video.width or 1, video.height or 1).tolist()
            places.append(([time], [_RECTANGLE, left, top, right - left, bottom - top], label))
        for index, (z, xy, label) in enumerate(places):
            av = {"1": str(videos.class_index(label))}
            metadata[f"{number}_{index:06d}"] = {"vid": str(number), "flg": 0, "z": z, "xy": xy, "av": av}
    numbered = [(str(number), video) for number, video in enumerate(videos, start=1)]
    project = {
        "project": {
            "pid": "__VIA_PROJECT_ID__",
            "rev": "__VIA_PROJECT_REV_ID__",
            "rev_timestamp": "__VIA_PROJECT_REV_TIMESTAMP__",
            "pname": "tubelet",
            "data_format_version": "3.1.1",
            "creator": "tubelet",
            "created": 0,
            "vid_list": [vid for vid, _ in numbered],
        },
        "config": {
            "file": {"loc_prefix": {str(kind): "" for kind in range(1, 5)}},
            "ui": {
                "file_content_align": "center",
                "file_metadata_editor_visible": True,
                "spatial_metadata_editor_visible": True,
                "spatial_region_label_attribute_id": "1",
                "gtimeline_visible_row_count": "4",
            },
        },
        "attribute": {
            "1": {
                "aname": attribute,
                "anchor_id": "FILE1_Z2_XY0",
                "type": _SELECT,
                "desc": "",
                "options": {str(index): name for index, name in enumerate(videos.classes)},
                "default_option_id": "",
            }
        },
        "file": {
            vid: {"fid": vid, "fname": video.path, "type": _VIDEO_FILE, "loc": _LOCAL, "src": video.path}
            for vid, video in numbered
        },
        "metadata": metadata,
        "view": {vid: {"fid_list": [vid]} for vid, _ in numbered},
    }
    write_json(path, project)


def _kind(metadata: dict[str, Any]) -> str:
    return "shapes" if metadata["xy"] else "segments" if len(metadata["z"]) > 1 else "files"


def _attributes(path: PathLike, project: dict[str, Any], asked: str | None) -> dict[str, str]:
    """Id of the attribute that each kind of metadata is read by: the one that is asked for where it has values."""
    names = {key: value["aname"] for key, value in project["attribute"].items()}
    if not names or (asked is not None and asked not in names.values()):
        raise AnnotationError(
            f"{path} has the attributes {sorted(names.values())}; expected {asked or 'one at least'}."
        )
    usual = next(key for key, name in names.items() if asked in (None, name))
    filled: dict[str, set[str]] = {}
    for metadata in project["metadata"].values():
        values = {key for key, value in metadata["av"].items() if value not in (None, "")}
        filled.setdefault(_kind(metadata), set()).update(values & names.keys())
    attributes = {}
    for kind, keys in filled.items():
        if len(keys) > 1 and (asked is None or usual not in keys):
            several = sorted(names[key] for key in keys)
            raise AnnotationError(f"{path} has values of {several} for its {kind}; expected one: pass attribute.")
        attributes[kind] = usual if usual in keys or not keys else next(iter(keys))
    return attributes or {"files": usual}


def _values(where: str, metadata: dict[str, Any], key: str, options: dict[str, str]) -> list[str]:
    value = metadata["av"].get(key)
    if value in (None, ""):
        raise AnnotationError(f"{where} has no value of the attribute; expected one of {list(options.values())}.")
    if not options:
        return [str(value)]
    chosen = str(value).split(",")
    unknown = next((option for option in chosen if option not in options), None)
    if unknown is not None:
        raise AnnotationError(f"{where} has the option {unknown!r}; expected one of {list(options)}.")
    return [options[option] for option in chosen]


def _add(
    where: str,
    metadata: dict[str, Any],
    values: list[str],
    size: tuple[int, int] | None,
    labels: list[Label],
    segments: list[Segment],
    boxes: list[Box],
) -> None:
    z, xy = metadata["z"], metadata["xy"]
    try:
        if not xy and len(z) == 2:
            segments.extend(Segment(float(z[0]), float(z[1]), value) for value in values)
        elif not xy and not z:
            labels.extend(Label(value) for value in values)
        elif len(xy) == 5 and xy[0] == _RECTANGLE and len(z) == 1:
            if size is None:
                raise AnnotationError("has a rectangle in pixels; pass the videos' sizes.")
            left, top, width, height = (float(number) for number in xy[1:])
            pixels = check_boxes([left, top, left + width, top + height], *size, lambda _: where)
            x1, y1, x2, y2 = to_fractions(pixels[0], *size).tolist()
            boxes.extend(Box(float(z[0]), (x1, y1, x2, y2), value) for value in values)
        else:
            raise AnnotationError(f"has z {z} and xy {xy}; expected a segment, a rectangle on a frame, or neither.")
    except AnnotationError as error:
        raise AnnotationError(f"{where} {str(error).removeprefix(f'{where} ')}") from None
    except (TypeError, ValueError):
        raise AnnotationError(f"{where} has z {z} and xy {xy}; expected numbers.") from None
