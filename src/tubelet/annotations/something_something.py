"""Something-Something v2: ``labels.json`` with the 174 templates, and a json of videos for each of the subsets.

Goyal et al., ICCV 2017; Mahdisoltani et al., 2018. A video's class is its template without the brackets. Templates with
left and right change places when a video is mirrored: `mirrored_classes` tells which.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tubelet.annotations.actions import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, read_json, write_json

_SIDE = r"\b(left|right)\b(?! out)"  # "pulling it right out" has no direction


def read_something_something(
    path: PathLike, labels: PathLike, *, subset: str | None = None, suffix: str = ".webm"
) -> VideoSet:
    """Read the videos of one subset.

    Args:
        path: list of ``{"id", "label", "template", "placeholders"}``; entries without a template (the test set) get no
            label. May be gzipped.
        labels: ``{template without brackets: index}``.
        subset: what the videos' ``subset`` shall say.
        suffix: of the video files, which are called after the ids.

    Raises:
        AnnotationError: with file, entry and value, where a file is not what was expected.
    """
    classes = _read_templates(labels)
    known = set(classes)
    entries = read_json(path, "a list of videos with id and template")
    if not isinstance(entries, list):
        raise AnnotationError(f"{path} holds no list; expected a list of videos with id and template.")
    videos = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or "id" not in entry:
            raise AnnotationError(f"{path}: entry {number} is {entry!r}; expected a video with id and template.")
        template = entry.get("template")
        name = None if template is None else _without_brackets(template)
        if name is not None and name not in known:
            raise AnnotationError(f"{path}: entry {number} has the template {template!r}, which is not in {labels}.")
        extra = {key: value for key, value in entry.items() if key != "id"}
        labels_of_video = () if name is None else (Label(name),)
        videos.append(Video(f"{entry['id']}{suffix}", subset=subset, labels=labels_of_video, extra=extra))
    return VideoSet(tuple(videos), classes)


def write_something_something(path: PathLike, videos: VideoSet, *, labels: PathLike | None = None) -> None:
    """Write the list of videos, and with ``labels`` the templates and their indices to that file."""
    report_losses(path, videos, "labels", one_label=True)
    entries: list[dict[str, Any]] = []
    for video in videos:
        entry = {"id": Path(video.path).stem, **video.extra}
        if video.labels and _without_brackets(entry.get("template")) != video.labels[0].name:
            entry["template"] = video.labels[0].name
        entries.append(entry)
    write_json(path, entries)
    if labels is not None:
        write_json(labels, {name: str(index) for index, name in enumerate(videos.classes)})


def mirrored_classes(classes: Iterable[str]) -> dict[str, str]:
    """What the class of a video becomes when its frames are flipped left to right.

    The words left and right change places. A class whose mirror image is not among the classes is left out: its videos
    must not be flipped.
    """
    names = tuple(classes)
    mirrored = {name: re.sub(_SIDE, lambda word: {"left": "right", "right": "left"}[word[0]], name) for name in names}
    return {name: other for name, other in mirrored.items() if other in set(names)}


def _without_brackets(template: object) -> str:
    return str(template).replace("[", "").replace("]", "")


def _read_templates(path: PathLike) -> tuple[str, ...]:
    indices = read_json(path, "the templates and their indices")
    if not isinstance(indices, dict) or not indices:
        raise AnnotationError(f"{path} holds no templates; expected each with its index.")
    try:
        by_index = {int(index): name for name, index in indices.items()}
    except (TypeError, ValueError):
        raise AnnotationError(
            f"{path} has an index that is no number; expected each template with its index."
        ) from None
    if sorted(by_index) != list(range(len(indices))):
        raise AnnotationError(f"{path}: the {len(indices)} templates do not have the indices 0 to {len(indices) - 1}.")
    return tuple(by_index[index] for index in range(len(indices)))
