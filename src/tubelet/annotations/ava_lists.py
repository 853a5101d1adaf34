"""AVA's lists beside the csv: the label map (.pbtxt), the seconds that are included and those that are excluded.

The label map of all 80 classes has ``label {name, label_id, label_type}``, the one of the 60 evaluated classes ``item
{name, id}`` with AVA's own ids, so with gaps. Both name a class by its text.
"""

import re
from collections.abc import Iterable, Mapping

from tubelet.annotations.actions import AnnotationError
from tubelet.annotations.text_files import PathLike, read_lines, read_text, write_lines

_ENTRY = re.compile(r"(?:label|item)\s*\{([^{}]*)\}\s*")
_FIELDS = re.compile(r'(\w+)\s*:\s*("(?:[^"\\]|\\.)*"|\S+)')


def read_ava_label_map(path: PathLike) -> dict[int, str]:
    """The names of the classes by their ids, ascending.

    Raises:
        AnnotationError: when the file is no label map, or an id or name occurs twice.
    """
    expected = 'entries such as item { name: "dance" id: 4 }'
    text = read_text(path, expected).strip()
    names: dict[int, str] = {}
    position = 0
    while position < len(text):
        entry = _ENTRY.match(text, position)
        found: dict[str, str] = dict(_FIELDS.findall(entry[1])) if entry else {}
        label, name = found.get("label_id", found.get("id", "")), found.get("name", "")[1:-1]
        if entry is None or not label.isdigit() or not name or int(label) in names or name in names.values():
            line = text.count("\n", 0, position) + 1
            value = text[position : position + 60]
            raise AnnotationError(f"{path}: line {line} begins {value!r}; expected {expected}, each id and name once.")
        names[int(label)] = re.sub(r"\\(.)", r"\1", name)
        position = entry.end()
    if not names:
        raise AnnotationError(f"{path} is empty; expected {expected}.")
    return dict(sorted(names.items()))


def write_ava_label_map(path: PathLike, names: Mapping[int, str]) -> None:
    """Write a label map in the form of the 60 evaluated classes."""
    escaped = {label: name.replace("\\", "\\\\").replace('"', '\\"') for label, name in names.items()}
    write_lines(path, (f'item {{\n  name: "{name}"\n  id: {label}\n}}' for label, name in escaped.items()))


def read_ava_excluded(path: PathLike) -> frozenset[tuple[str, int]]:
    """The key frames (video, second) that are not evaluated, from a csv of ``video,second``."""
    frames = []
    for number, line in read_lines(path, "a video and a second on every line"):
        video, _, second = line.rpartition(",")
        if not video or not second.isdigit():
            raise AnnotationError(f'{path}: line {number} is {line!r}; expected "video,second".')
        frames.append((video, int(second)))
    return frozenset(frames)


def write_ava_excluded(path: PathLike, frames: Iterable[tuple[str, int]]) -> None:
    """Write key frames as `read_ava_excluded` takes them, sorted."""
    write_lines(path, (f"{video},{second:04d}" for video, second in sorted(frames)))


def read_ava_included(path: PathLike) -> tuple[int, ...]:
    """The seconds that are annotated, from a text with one a line."""
    seconds = []
    for number, line in read_lines(path, "a second on every line"):
        if not line.isdigit():
            raise AnnotationError(f"{path}: line {number} is {line!r}; expected a second.")
        seconds.append(int(line))
    return tuple(seconds)


def write_ava_included(path: PathLike, seconds: Iterable[int]) -> None:
    """Write seconds as `read_ava_included` takes them."""
    write_lines(path, (f"{second:04d}" for second in seconds))
