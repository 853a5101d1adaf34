"""Many videos in one run, and their results in one file that grows as they come: JSON lines, one video each.

One broken video does not stop a run. A run that is killed and started again goes on where it was: a video is done
when the file holds its result, made with the same settings from the same file (size and time of change). Failures are
recorded and tried again. A line that was cut short by the kill is dropped.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tubelet.errors import TubeletError
from tubelet.inference.recognition import Recognizer
from tubelet.inference.results import RecognitionResult, ResultError


@dataclass(frozen=True)
class Failure:
    """A video that could not be recognised, and the sentence that says why."""

    path: str
    error: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"video": {"path": self.path}, "error": self.error}


class ResultLog:
    """A results file, read and added to.

    Args:
        path: the .jsonl file; made when it is missing.
        settings: what results depend on beside the video; results of other settings count as not done.

    Raises:
        ResultError: the file holds something else than results.
    """

    def __init__(self, path: str | os.PathLike[str], settings: dict[str, Any]) -> None:
        self.path, self.settings = Path(path), json.loads(json.dumps(settings))
        self._done: dict[str, RecognitionResult] = {}
        self._failed: dict[str, str] = {}
        if self.path.exists():
            self._read()

    def result_of(self, video: Path) -> RecognitionResult | None:
        """The result of a video if it is done, with the path as it is given now."""
        result = self._done.get(_identity(video))
        return None if result is None else replace(result, video=replace(result.video, path=str(video)))

    def add(self, outcome: RecognitionResult | Failure, video: Path) -> None:
        """Write one more line, to the disk before this returns; a failure that stands there already is not repeated."""
        identity = _identity(video)
        if isinstance(outcome, Failure):
            if self._failed.get(identity) == outcome.error:
                return
            self._failed[identity] = outcome.error
        else:
            self._done[identity] = outcome
        line = outcome.to_dict() | {"file": identity, "settings": self.settings}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write((json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> None:
        whole = 0
        with self.path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if not raw.endswith(b"\n"):
                    break
                whole += len(raw)
                self._read_line(raw, number)
        if whole < self.path.stat().st_size:
            os.truncate(self.path, whole)

    def _read_line(self, raw: bytes, number: int) -> None:
        try:
            line = json.loads(raw)
            identity, settings = line["file"], line["settings"]
            if settings != self.settings:
                return
            if "error" in line:
                self._failed[identity] = line["error"]
            else:
                self._done[identity] = RecognitionResult.from_dict(line)
        except (ValueError, KeyError, TypeError) as error:
            raise ResultError(
                f"{self.path}, line {number} is not a result of tubelet ({type(error).__name__}); "
                "expected a file that `tubelet recognize --output` wrote, or a new one."
            ) from None


def recognize_videos(
    recognizer: Recognizer,
    videos: Iterable[Path],
    log: ResultLog | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[RecognitionResult | Failure]:
    """Recognise videos one after the other.

    Args:
        recognizer: what looks at them.
        videos: the files.
        log: where outcomes are written as they come; what it holds already is not done again.
        progress: within a video, called with (clips done, clips in all).

    Yields:
        An outcome for each video, in order: a `Failure` where it cannot be read.
    """
    for video in videos:
        outcome: RecognitionResult | Failure | None = log.result_of(video) if log is not None else None
        if outcome is None:
            try:
                outcome = recognizer(video, progress=progress)
            except TubeletError as error:
                outcome = Failure(str(video), str(error))
            if log is not None:
                log.add(outcome, video)
        yield outcome


def _identity(video: Path) -> str:
    """The file as it is on disk: another file under the same name is another video."""
    try:
        facts = video.stat()
    except OSError:
        return str(video.absolute())
    return f"{video.absolute()} {facts.st_size} {facts.st_mtime_ns}"
