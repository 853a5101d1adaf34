"""YOWO's ground truth for its frame mAP: a text for every frame, ``class x1 y1 x2 y2`` a line, in a folder or zip.

Koepueklue et al., YOWO, 2019. Files are ``<class>_<video>_<frame>.txt``, frames and classes count from 1, boxes are
whole pixels of a frame of 320 x 240, as in `act_tubes`. A frame's boxes are `Box` here; a video is
``<class>/<video>``.
"""

import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from tubelet.annotations.actions import AnnotationError, Box, Video, VideoSet
from tubelet.annotations.box_numbers import check_boxes
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, class_names
from tubelet.annotations.units import frame_to_seconds, seconds_to_frame, to_fractions, to_pixels

WIDTH, HEIGHT = 320, 240

_LINE = '"class x1 y1 x2 y2"'


def read_yowo(path: PathLike, *, classes: PathLike | Sequence[str], frame_rate: float) -> VideoSet:
    """Read a folder or zip of frames.

    Args:
        path: the folder or zip; texts may lie in folders below.
        classes: names in the order of the class numbers, as the file names begin with them (JHMDB: alphabetical), or a
            file with one a line.
        frame_rate: frames a second: 30 for JHMDB, 25 for UCF101-24.

    Raises:
        AnnotationError: with file, line and value, where a file is not what was expected.
    """
    classes = class_names(classes)
    names, frames, labels, places, numbers = [], [], [], [], []
    for file, text in _texts(Path(path)):
        for number, line in enumerate(text.splitlines(), start=1):
            place = f"{path}: {file}, line {number}"
            cells = line.split()
            if not cells:
                continue
            if len(cells) != 5 or not cells[0].isdigit():
                raise AnnotationError(f"{place} is {line!r}; expected {_LINE}.")
            label = int(cells[0])
            if not 1 <= label <= len(classes):
                raise AnnotationError(f"{place} has the class {label}; expected 1 to {len(classes)}.")
            stem, _, frame = PurePosixPath(file).stem.rpartition("_")
            prefix = f"{classes[label - 1]}_"
            if not stem.startswith(prefix) or not frame.isdigit():
                raise AnnotationError(f"{place} has the class {label}; expected a file {prefix}<video>_<frame>.txt.")
            try:
                numbers.append([float(cell) for cell in cells[1:]])
            except ValueError:
                raise AnnotationError(f"{place} is {line!r}; expected {_LINE}.") from None
            names.append(f"{classes[label - 1]}/{stem.removeprefix(prefix)}")
            frames.append(int(frame))
            labels.append(classes[label - 1])
            places.append(place)
    if not names:
        raise AnnotationError(f"{path} holds no boxes; expected texts with {_LINE} a line.")
    fractions = to_fractions(check_boxes(numbers, WIDTH, HEIGHT, lambda row: places[row]), WIDTH, HEIGHT)
    times = frame_to_seconds(frames, frame_rate, first=1).tolist()
    boxes: dict[str, list[Box]] = defaultdict(list)
    for name, time, (x1, y1, x2, y2), label_name in zip(names, times, fractions.tolist(), labels, strict=True):
        boxes[name].append(Box(time, (x1, y1, x2, y2), label_name))
    videos = [
        Video(name, frame_rate=frame_rate, width=WIDTH, height=HEIGHT, boxes=tuple(some))
        for name, some in boxes.items()
    ]
    return VideoSet(tuple(videos), tuple(classes))


def write_yowo(folder: PathLike, videos: VideoSet) -> None:
    """Write a text a frame into a folder, which is made; the inverse of `read_yowo`.

    Raises:
        AnnotationError: when the folder is there and not empty, a video has no frame rate, or a label is unknown.
    """
    report_losses(folder, videos, "boxes")
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise AnnotationError(f"{folder} is there already; expected a folder to be made, or an empty one.")
    lines: dict[str, list[str]] = defaultdict(list)
    for video in videos:
        if video.frame_rate is None:
            raise AnnotationError(f"{video.path} has no frame rate; it is needed to name its frames.")
        frames = seconds_to_frame([box.time for box in video.boxes], video.frame_rate, first=1).tolist()
        pixels = to_pixels(np.reshape([box.xyxy for box in video.boxes], (-1, 4)), WIDTH, HEIGHT)
        for frame, box, corners in zip(frames, video.boxes, np.rint(pixels).astype(int).tolist(), strict=True):
            file = f"{video.path.replace('/', '_')}_{frame:05d}.txt"
            lines[file].append(" ".join(map(str, [videos.class_index(box.label) + 1, *corners])))
    part = folder.with_name(f".{folder.name}.part")
    part.mkdir(parents=True)
    for file, some in lines.items():
        (part / file).write_text("".join(f"{line}\n" for line in some))
    part.replace(folder)


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    """Name and content of every text, sorted by name."""
    try:
        if path.is_dir():
            for file in sorted(path.rglob("*.txt")):
                yield file.relative_to(path).as_posix(), file.read_text(encoding="utf-8")
            return
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".txt"):
                    yield name, archive.read(name).decode()
    except FileNotFoundError:
        raise AnnotationError(f"{path}: no such file; expected a folder or zip of texts.") from None
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path} cannot be read ({error}); expected a folder or zip of texts.") from None
