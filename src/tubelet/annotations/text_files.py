"""Annotation files as text: read whole, written whole, with errors that name the file and the line.

A name that ends in ``.gz`` is a gzipped file, read and written as if it were not. A path may lead into a tar archive as
into a folder (``splits.tar.gz/trainlist01.txt``), for data sets that publish their lists so.
"""

import csv
import gzip
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tubelet.annotations.actions import AnnotationError

PathLike = str | os.PathLike[str]

_ARCHIVES = (".tar", ".tar.gz", ".tgz")


def read_bytes(path: PathLike, expected: str) -> bytes:
    """The file's content; ``.gz`` is unpacked.

    Args:
        path: of the file.
        expected: what the file should be, for the error.

    Raises:
        AnnotationError: when there is no such file or it cannot be read.
    """
    path = Path(path)
    try:
        archive = next((parent for parent in path.parents if _is_archive(parent)), None)
        content = path.read_bytes() if archive is None else _read_member(archive, path.relative_to(archive).as_posix())
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except IsADirectoryError:
        raise AnnotationError(f"{path} is a folder; expected {expected}.") from None
    except (FileNotFoundError, NotADirectoryError):
        raise AnnotationError(f"{path}: no such file; expected {expected}.") from None
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise AnnotationError(f"{path} cannot be read ({error}); expected {expected}.") from None


def read_text(path: PathLike, expected: str) -> str:
    """The file's text (UTF-8, with or without a byte order mark), as `read_bytes` reads it."""
    try:
        return read_bytes(path, expected).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnnotationError(f"{path} cannot be read ({error}); expected {expected}.") from None


def is_folder(path: PathLike) -> bool:
    """Whether a path is a folder or a tar archive, whose files `folder_files` lists."""
    return Path(path).is_dir() or _is_archive(Path(path))


def folder_files(path: PathLike) -> list[Path]:
    """The files in a folder, or at the top of a tar archive, sorted; `read_text` takes each of them.

    Raises:
        AnnotationError: when the archive cannot be read.
    """
    path = Path(path)
    if not _is_archive(path):
        return sorted(file for file in path.iterdir() if file.is_file())
    try:
        with tarfile.open(path) as archive:
            names = [member.name.removeprefix("./") for member in archive if member.isfile()]
    except (OSError, EOFError, tarfile.TarError) as error:
        raise AnnotationError(f"{path} cannot be read ({error}); expected a tar archive.") from None
    return sorted(path / name for name in names if "/" not in name)


def read_lines(path: PathLike, expected: str) -> list[tuple[int, str]]:
    """The lines that are not blank, stripped, each with its number from 1."""
    lines = enumerate(read_text(path, expected).splitlines(), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def read_table(path: PathLike, columns: Sequence[str], expected: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """A csv file whose first line names its columns; a cell in quotes may hold line breaks.

    Args:
        path: of the file.
        columns: those that must be there, in any order and among others.
        expected: what the file should be, for the error.

    Returns:
        The names of the columns, and for every row the number of its last line and its cells.

    Raises:
        AnnotationError: when a column is missing, a row has more or fewer cells, or a quote does not close.
    """
    reader = csv.reader(io.StringIO(read_text(path, expected)), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells)
    except csv.Error as error:
        raise AnnotationError(f"{path}: line {reader.line_num} is not csv: {error}.") from None
    header = rows[0][1] if rows else []
    lacking = [column for column in columns if column not in header]
    if lacking:
        raise AnnotationError(f"{path}: no column {lacking[0]!r} in its first line; expected {expected}.")
    for number, cells in rows[1:]:
        if len(cells) != len(header):
            raise AnnotationError(
                f"{path}: line {number} has {len(cells)} cells; expected {len(header)}: {','.join(cells)!r}."
            )
    return header, rows[1:]


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


def write_bytes(path: PathLike, content: bytes) -> None:
    """Write a file under a temporary name that is renamed when it is whole; ``.gz`` is packed, without a time stamp.

    Raises:
        AnnotationError: when the file cannot be written.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise AnnotationError(f"{path} cannot be written ({error.strerror}).") from None


def make_folder(path: PathLike) -> Path:
    """Make a folder and those above it, unless they are there; raises `AnnotationError` when it cannot be made."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AnnotationError(f"the folder {path} cannot be made ({error.strerror}).") from None
    return path


def write_text(path: PathLike, text: str) -> None:
    """Write text as `write_bytes` does, in UTF-8, line ends as they stand."""
    write_bytes(path, text.encode())


def write_lines(path: PathLike, lines: Iterable[str]) -> None:
    """Write lines as `write_bytes` does."""
    write_text(path, "".join(f"{line}\n" for line in lines))


def write_json(path: PathLike, content: Any) -> None:
    """Write JSON as `write_bytes` does.

    Raises:
        AnnotationError: when a number is not finite, or a value is none that JSON knows.
    """
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AnnotationError(f"{path} cannot be written as JSON: {error}.") from None
    write_text(path, f"{text}\n")


def write_rows(path: PathLike, rows: Iterable[Sequence[object]]) -> None:
    """Write a csv file as `write_bytes` does, cells in quotes where they must be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_text(path, text.getvalue())


def _is_archive(path: Path) -> bool:
    return path.name.endswith(_ARCHIVES) and path.is_file()


def _read_member(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as files:
        for member in files:
            if member.name.removeprefix("./") == name and member.isfile():
                content = files.extractfile(member)
                assert content is not None  # it is a file
                return content.read()
    raise FileNotFoundError(name)
