"""Videos in tar archives, as webdataset has them: a few large files in place of a million small ones.

A shard is a plain tar whose members are whole video files. Beside the shards that `write_shards` makes stands
`index.json` with the place of every member, so that any video can be fetched by itself: from a disk, or as a range of
bytes over http and s3. Shards without an index are scanned once. Random access is what lets a run resume exactly.
"""

import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tubelet.annotations.text_files import make_folder
from tubelet.annotations.video_files import VIDEO_SUFFIXES
from tubelet.datasets.video_sources import SourceError, VideoSource, file_system, folder_videos, is_url

INDEX = "index.json"
SHARD = "shard-{:06d}.tar"
SHARD_BYTES = 1_000_000_000


def write_shards(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    shard_bytes: int = SHARD_BYTES,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Pack the videos of a folder, at any depth, into shards.

    Members are numbered in the order of their paths: `00000012-<name>.mp4`, dots in the name turned to underscores,
    because webdataset takes what follows the first dot for the type.

    Args:
        folder: with the videos.
        out: folder to write to, made when it is missing.
        shard_bytes: a shard is closed when it has so many.
        progress: called with (videos done, videos in all).

    Returns:
        The shards.

    Raises:
        SourceError: no video in the folder, or shards in `out` already.
    """
    out = Path(out)
    videos = folder_videos(os.fspath(folder))
    if not videos:
        raise SourceError(f"{folder} holds no video; expected files such as .mp4, .mkv or .avi.")
    make_folder(out)
    if any(out.glob("shard-*.tar")):
        raise SourceError(f"{out} holds shards already; expected an empty folder to write to.")
    index: dict[str, list[tuple[str, int, int]]] = {}
    numbered = iter(enumerate(videos))
    following = next(numbered, None)
    while following is not None:
        name = SHARD.format(len(index))
        part = out / f".{name}.part"
        members = index[name] = []
        with part.open("wb") as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            while following is not None and (not members or file.tell() < shard_bytes):
                number, video = following
                path = Path(video.url)
                member = tarfile.TarInfo(f"{number:08d}-{path.stem.replace('.', '_')}{path.suffix.lower()}")
                content = path.read_bytes()
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
                padded = -(-len(content) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                members.append((member.name, file.tell() - padded, len(content)))
                if progress is not None:
                    progress(number + 1, len(videos))
                following = next(numbered, None)
        part.replace(out / name)
    part = out / f".{INDEX}.part"
    part.write_text(json.dumps(index), encoding="utf-8")
    part.replace(out / INDEX)
    return [out / name for name in index]


def shard_videos(shards: str | Iterable[str]) -> list[VideoSource]:
    """The videos of shards, in order.

    Args:
        shards: paths or URLs (s3://, https://, any that fsspec knows), each with ranges in braces
            (`shard-{000000..000127}.tar`) or stars, or a folder of shards.

    Raises:
        SourceError: a shard does not exist or is no plain tar, or none holds a video.
    """
    patterns = [shards] if isinstance(shards, str) else list(shards)
    found: list[VideoSource] = []
    indices: dict[str, dict[str, Any]] = {}
    for url in (url for pattern in patterns for url in _expand(pattern)):
        folder, _, name = url.rpartition("/")
        if folder not in indices:
            indices[folder] = _read_index(f"{folder}/{INDEX}" if folder else INDEX)
        members = indices[folder].get(name)
        found += [VideoSource(url, *member) for member in (_scan(url) if members is None else members)]
    if not found:
        raise SourceError(f"the shards {', '.join(patterns)} hold no video.")
    return found


def _expand(pattern: str) -> list[str]:
    if not pattern.endswith(".tar") and _is_folder(pattern):
        pattern = f"{pattern.rstrip('/')}/*.tar"
    urls = list(_braces(pattern))
    if "*" not in pattern:
        return urls
    expanded: list[str] = []
    for url in urls:
        system, path = file_system(url)
        matches = sorted(system.glob(path))
        if not matches:
            raise SourceError(f"no shard fits {url}.")
        expanded += [system.unstrip_protocol(match) for match in matches] if is_url(url) else matches
    return expanded


def _is_folder(path: str) -> bool:
    system, inside = file_system(path)
    try:
        return bool(system.isdir(inside))
    except Exception as error:  # a file system raises the errors of its own library
        raise SourceError(f"{path} cannot be listed: {error}.") from error


def _braces(pattern: str) -> Iterator[str]:
    """`a{08..10}` -> a08, a09, a10; several ranges give every pair."""
    found = re.search(r"\{(\d+)\.\.(\d+)\}", pattern)
    if found is None:
        yield pattern
        return
    first, last = found.groups()
    for number in range(int(first), int(last) + 1):
        yield from _braces(f"{pattern[: found.start()]}{number:0{len(first)}d}{pattern[found.end() :]}")


def _read_index(url: str) -> dict[str, Any]:
    """The index beside shards; empty where there is none."""
    try:
        index = json.loads(VideoSource(url).read())
    except (SourceError, ValueError):
        return {}
    return index if isinstance(index, dict) else {}


def _scan(url: str) -> list[tuple[str, int, int]]:
    """Name, first byte and size of each video of a shard, from its headers."""
    system, path = file_system(url)
    try:
        with system.open(path, "rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            return [
                (member.name, member.offset_data, member.size)
                for member in tar
                if member.isfile() and Path(member.name).suffix.lower() in VIDEO_SUFFIXES
            ]
    except FileNotFoundError:
        raise SourceError(f"{url}: no such file; expected a shard of videos.") from None
    except Exception as error:  # a file system raises the errors of its own library
        raise SourceError(f"{url} is no plain tar that can be read ({error}); expected a shard of videos.") from error
