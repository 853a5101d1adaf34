"""What tells one format of annotation from another: a glance at a file or folder, and the questions that formats ask.

Only what is asked for is read. JSON files and pickles are read whole, of text the first twenty lines count.
"""

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from tubelet.annotations.pickles import load_pickle
from tubelet.annotations.text_files import folder_files, is_folder, read_json, read_text

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


@dataclass(frozen=True)
class Glance:
    """What recognition looks at, each part read when it is first asked for: empty where the file is nothing such."""

    path: Path

    @cached_property
    def name(self) -> str:
        """The file's name in lower case, without ``.gz``."""
        return self.path.name.lower().removesuffix(".gz")

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Names of the files in a folder or a tar archive."""
        return tuple(file.name for file in folder_files(self.path)) if is_folder(self.path) else ()

    @cached_property
    def zipped(self) -> tuple[str, ...]:
        """Names of the files in a zip."""
        if not self.name.endswith(".zip"):
            return ()
        with zipfile.ZipFile(self.path) as archive:
            return tuple(name.rpartition("/")[2] for name in archive.namelist())

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The first lines of a text file that are not blank."""
        if not self.name.endswith((".csv", ".txt", ".xml")):
            return ()
        lines = (line.strip() for line in read_text(self.path, "text").splitlines())
        return tuple(islice((line for line in lines if line), 20))

    @cached_property
    def columns(self) -> frozenset[str]:
        """The cells of the first line."""
        return frozenset(self.lines[0].split(",")) if self.lines else frozenset()

    @cached_property
    def content(self) -> Any:
        """The values of a JSON file."""
        return read_json(self.path, "annotations as JSON") if self.name.endswith(".json") else None

    @cached_property
    def pickled(self) -> Any:
        """The values of a pickle."""
        return load_pickle(self.path, "annotations in a pickle") if self.name.endswith(".pkl") else None

    @cached_property
    def first(self) -> Any:
        """The first value of the mapping in a JSON or pickle."""
        mapping = self.pickled if self.content is None else self.content
        return next(iter(mapping.values()), None) if isinstance(mapping, dict) else None

    @cached_property
    def annotation(self) -> dict[str, Any]:
        """The first annotation of a JSON in ActivityNet's layout."""
        database = self.content.get("database") if isinstance(self.content, dict) else None
        entries = database.values() if isinstance(database, dict) else ()
        rows = (row for entry in entries if isinstance(entry, dict) for row in entry.get("annotations") or ())
        return next((row for row in rows if isinstance(row, dict)), {})

    @cached_property
    def result(self) -> dict[str, Any]:
        """The first entry of a JSON of results."""
        results = self.content.get("results") if isinstance(self.content, dict) else None
        lists = results.values() if isinstance(results, dict) else ()
        entries = (row for rows in lists if isinstance(rows, list) for row in rows)
        return next((row for row in entries if isinstance(row, dict)), {})


def has(value: Any, *keys: str) -> bool:
    """Whether a value is a mapping with these keys."""
    return isinstance(value, dict) and set(keys) <= set(value)


def lines_match(pattern: str) -> Callable[[Glance], bool]:
    """Whether the first lines all fit a pattern."""
    return lambda glance: bool(glance.lines) and all(re.fullmatch(pattern, line) for line in glance.lines)


def is_thumos14_detections(glance: Glance) -> bool:
    """Whether half of the lines or more are the kit's, whatever their score: its reader says what is wrong."""
    fits = [re.fullmatch(rf"\S+\s+{NUMBER}\s+{NUMBER}\s+\d+(?:\s+\S+)?", line) is not None for line in glance.lines]
    return bool(fits) and 2 * sum(fits) >= len(fits)


def columns(*names: str) -> Callable[[Glance], bool]:
    """Whether the first line names these columns."""
    return lambda glance: set(names) <= glance.columns


def file_in_folder(pattern: str) -> Callable[[Glance], bool]:
    """Whether a folder or archive has a file of such a name, or a file is one."""
    return lambda glance: any(re.fullmatch(pattern, name) for name in glance.files or (glance.path.name,))


def is_ucf101(glance: Glance) -> bool:
    """Whether a path is a folder of UCF101's splits or a list in one: the file of the classes is beside."""
    beside = glance.files or tuple(path.name for path in folder_files(glance.path.parent))
    return file_in_folder(r"(?:train|test)list0[123]\.txt")(glance) and "classInd.txt" in beside


def is_something_something(glance: Glance) -> bool:
    """Whether entries have Something-Something's fields and no others."""
    known = {"id", "label", "template", "placeholders"}
    entries = glance.content if isinstance(glance.content, list) else []
    return bool(entries) and all(has(entry, "id") and set(entry) <= known for entry in entries[:20])


def is_video_list(glance: Glance) -> bool:
    """Whether every line is a path, which a number or a word alone is not, and a class."""
    headed = len(glance.columns & {"path", "label", "video", "class"}) == 2
    lines = glance.lines[1:] if headed else glance.lines
    return bool(lines) and all(re.fullmatch(r"[^,\t]*[./][^\s,\t][^,\t]*[ ,\t]\s*[^,\t]+", line) for line in lines)


def is_thumos14_json(glance: Glance) -> bool:
    """Whether segments are strings."""
    return any(isinstance(time, str) for time in glance.annotation.get("segment") or ())


def is_dense(glance: Glance, *, of_thumos14: bool) -> bool:
    """Whether a JSON is PointTAD's, and its videos are those of THUMOS'14 or not."""
    first = str(next(iter(glance.content), "")) if has(glance.first, "actions", "subset") else None
    return first is not None and first.startswith("video_") == of_thumos14


def is_ava(glance: Glance, *, predictions: bool) -> bool:
    """Whether lines are AVA's; the eighth cell of predictions, the score, is no whole number."""
    rows = [line.split(",") for line in glance.lines]
    if not lines_match(rf"[^,/]+,{NUMBER}(?:(?:,{NUMBER}){{4}},\d+(?:,{NUMBER})?)?")(glance) or max(map(len, rows)) < 7:
        return False
    return any(len(row) == 8 and not row[7].isdigit() for row in rows) == predictions


def is_slowfast_boxes(glance: Glance) -> bool:
    """Whether lines are SlowFast's boxes: as AVA's predictions, but some have no label."""
    fits = lines_match(rf"[^,/]+,{NUMBER}(?:,{NUMBER}){{4}},\d*,{NUMBER}")(glance)
    return fits and any(line.split(",")[6] == "" for line in glance.lines)


def is_proposals(glance: Glance) -> bool:
    """Whether a pickle has boxes by "video,0902"."""
    first = next(iter(glance.pickled), None) if isinstance(glance.pickled, dict) else None
    return isinstance(first, str) and re.fullmatch(r".+,\d+", first) is not None


def is_frame_detections(glance: Glance) -> bool:
    """Whether a pickle is an array of eight columns."""
    return isinstance(glance.pickled, np.ndarray) and glance.pickled.ndim == 2 and glance.pickled.shape[1] == 8


def is_video_detections(glance: Glance) -> bool:
    """Whether a pickle has lists by the index of a class, or nothing: no tube was found."""
    return isinstance(glance.pickled, dict) and all(isinstance(key, int) for key in glance.pickled)


def is_yowo(glance: Glance) -> bool:
    """Whether a folder or zip has a text for every frame."""
    names = glance.zipped or glance.files
    return any(re.fullmatch(r".+_\d{5}\.txt", name) for name in names)


def is_label_studio(glance: Glance) -> bool:
    """Whether a JSON is a list of tasks."""
    return isinstance(glance.content, list) and bool(glance.content) and has(glance.content[0], "data", "annotations")
