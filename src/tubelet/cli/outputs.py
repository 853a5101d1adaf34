"""What a command will write is tried before it works, not after."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tubelet.errors import TubeletError


def file_to_write(path: Path) -> Path:
    """The path, its folder made, or a `TubeletError` where no file can be written there."""
    if path.is_dir():
        raise TubeletError(f"{path} is a folder; expected the name of a file to write.")
    folder_to_write(path.parent)
    return path


def folder_to_write(path: Path) -> Path:
    """The folder, made, or a `TubeletError` where it cannot be made or written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError as error:
        raise TubeletError(f"nothing can be written to the folder {path} ({error.strerror}).") from None
