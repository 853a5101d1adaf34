"""Annotation files as text: read whole, gzipped or not, with errors that name the file and the line."""

import csv
import gzip
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tubelet.annotations.actions import AnnotationError

PathLike = str | os.PathLike[str]


def read_text(path: PathLike, expected: str) -> str:
    """The file's text (UTF-8, with or without a byte order mark); ``.gz`` is unpacked.

    Args:
        path: of the file.
        expected: what the file should be, for the error.

    Raises:
        AnnotationError: when there is no such file or it is not text.
    """
    path = Path(path)
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return content.decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise AnnotationError(f"{path}: no such file; expected {expected}.") from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path} cannot be read ({error}); expected {expected}.") from None


def read_lines(path: PathLike, expected: str) -> list[tuple[int, str]]:
    """The lines that are not blank, stripped, each with its number from 1."""
    lines = enumerate(read_text(path, expected).splitlines(), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def read_json(path: PathLike, expected: str) -> Any:
    """The values of a JSON file; raises `AnnotationError` with line and column where it is not JSON."""
    try:
        return json.loads(read_text(path, expected))
    except json.JSONDecodeError as error:
        raise AnnotationError(f"{path}: line {error.lineno} is not JSON ({error.msg}); expected {expected}.") from None


def split_row(path: PathLike, number: int, line: str, delimiter: str) -> list[str]:
    """The cells of one line of a csv file, stripped; raises `AnnotationError` on a quote that does not close."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True))]
    except csv.Error as error:
        raise AnnotationError(f"{path}: line {number} {line!r} is not csv: {error}.") from None


def class_names(classes: PathLike | Sequence[str]) -> tuple[str, ...]:
    """Names of classes in the order of their indices, from a file with one name a line or from a sequence.

    Raises:
        AnnotationError: when a name occurs twice, or there is none.
    """
    if not isinstance(classes, str | os.PathLike):
        source, names = "classes", tuple(classes)
    else:
        source = str(classes)
        names = tuple(line for _, line in read_lines(classes, "the name of a class on every line"))
    if not names:
        raise AnnotationError(f"{source}: no classes; expected at least one name.")
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise AnnotationError(f"{source}: class {twice!r} occurs twice; expected every name once.")
    return names


def write_lines(path: PathLike, lines: Iterable[str]) -> None:
    """Write text under a temporary name that is renamed when it is whole."""
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    part.replace(path)
