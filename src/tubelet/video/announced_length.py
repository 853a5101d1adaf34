"""How many bytes a file should have by its container's own headers: one that has fewer was cut off.

The readers of Matroska and AVI stop at the end of a cut file without a word, and so does MP4's between fragments.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"


def byte_shortfall(file: BinaryIO, container: str) -> tuple[int, int] | None:
    """The bytes that a file has and the bytes that it announces, or None if nothing shows that it was cut off.

    Args:
        file: a seekable file; its position is kept.
        container: FFmpeg's name of the format, "matroska,webm".
    """
    position = file.tell()
    names = container.split(",")
    if "matroska" in names:
        announced = _matroska_length(file)
    elif "avi" in names:
        announced = _avi_length(file)
    else:
        announced = _mp4_length(file) if "mp4" in names else 0
    file.seek(0, os.SEEK_END)
    length = file.tell()
    file.seek(position)
    return (length, announced) if length < announced else None


def _matroska_length(file: BinaryIO) -> int:
    """The end of the segment, 0 for a live recording, which leaves it open."""
    file.seek(0)
    if file.read(4) != _EBML:
        return 0
    file.seek(_ebml_size(file), os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return 0
    size = _ebml_size(file)
    return file.tell() + size if size else 0


def _ebml_size(file: BinaryIO) -> int:
    """The size at the file's position, 0 if it is left open; the leading zeros of its first byte count the others."""
    first = file.read(1)
    if not first or not first[0]:
        return 0
    following = 8 - first[0].bit_length()
    unknown = (1 << 7 * (following + 1)) - 1
    size = int.from_bytes(first + file.read(following), "big") & unknown
    return 0 if size == unknown else size


def _avi_length(file: BinaryIO) -> int:
    """The end of the last RIFF chunk: AVI begins another where one would pass a gigabyte or so."""
    end = 0
    while True:
        file.seek(end)
        header = file.read(8)
        size = struct.unpack("<I", header[4:])[0] if len(header) == 8 else 0
        if not header.startswith(b"RIFF") or size in (0, 0xFFFFFFFF):  # a recording that was not finished has no size
            return end
        end += 8 + size


def _mp4_length(file: BinaryIO) -> int:
    """The end of the last box that begins in the file."""
    end = 0
    while True:
        file.seek(end)
        header = file.read(16)
        size = struct.unpack(">I", header[:4])[0] if len(header) >= 8 else 0
        if size == 1 and len(header) == 16:
            size = struct.unpack(">Q", header[8:])[0]
        if size < 8:  # no box; or 0, a last box that ends with the file
            return end
        end += size
