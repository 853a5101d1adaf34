"""One HTML page that shows what was found in videos: no server, no network, nothing beside the file.

The page embeds each video as H.264, draws labels and boxes over it in step with the playing picture, and links it
with a timeline to click on, scores and a table. Its HTML, CSS and JavaScript are the plain files in templates/; here
the values are gathered and put in. The page's own content policy forbids it to load anything from elsewhere.
"""

import base64
import html
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import tubelet
from tubelet.annotations import Video
from tubelet.viewer.drawing import mentioned_labels
from tubelet.viewer.palette import OTHER, PALETTE, assign_colors
from tubelet.viewer.playback import embeddable_mp4, poster_jpeg
from tubelet.viewer.timeline import WindowScores, leading_classes

TIMELINE_ROWS = 12  # classes of a video that get a row of scores over time


@dataclass(frozen=True)
class ReportEntry:
    """One video of a report.

    Args:
        video: what was found, and the path of the file that is embedded.
        scores: sliding windows over it.
        truth: ground truth to compare with.
        error: why there is no result; then nothing else is shown.
        warnings: sentences to show with the result, such as on damage in the file.
        media: the file to embed when it is not `video.path`.
    """

    video: Video
    scores: WindowScores | None = None
    truth: Video | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()
    media: Path | None = None


@dataclass(frozen=True)
class ReportText:
    """The words around the videos: a title, a note above them, and facts (name, value) on how the results were made."""

    title: str = "Action recognition"
    note: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def write_report(
    path: str | os.PathLike[str],
    entries: Sequence[ReportEntry],
    text: ReportText | None = None,
    *,
    progress: Callable[[int, float], None] | None = None,
) -> Path:
    """Write the page; it appears under its name when it is whole, and that path is returned.

    Args:
        path: the .html file.
        entries: the videos, in the order in which they are listed.
        text: title, note and facts.
        progress: called with (index of the entry, second of it that has been embedded).

    Raises:
        VideoError: an entry without an error cannot be read.
    """
    text = text or ReportText()
    labels = [name for entry in entries for name in _labels_of(entry)]
    content = {
        "version": tubelet.__version__,
        "title": text.title,
        "note": text.note,
        "facts": list(text.facts.items()),
        "palette": [*PALETTE, OTHER],
        "colors": assign_colors(labels),
        "videos": [_describe(entry) for entry in entries],
    }
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as page:
        head, tail = _template("report.html").split("<!-- media -->")
        page.write(_fill(head, text.title, content))
        for index, entry in enumerate(entries):  # one video in memory at a time
            if entry.error is None:
                told = partial(progress, index) if progress is not None else None
                mp4 = embeddable_mp4(entry.media or entry.video.path, progress=told)
                page.write(f'<script type="text/plain" id="media-{index}">{base64.b64encode(mp4).decode()}</script>\n')
        page.write(_fill(tail, text.title, content))
    part.replace(path)
    return path


def _labels_of(entry: ReportEntry) -> list[str]:
    names = mentioned_labels(entry.truth, entry.video)
    if entry.scores is not None:
        names += [entry.scores.classes[k] for k in leading_classes(entry.scores, TIMELINE_ROWS)]
    return names


def _describe(entry: ReportEntry) -> dict[str, Any]:
    video = entry.video
    described: dict[str, Any] = {
        "name": Path(video.path).name,
        "path": video.path,
        "error": entry.error,
        "warnings": entry.warnings,
    }
    if entry.error is not None:
        return described
    poster = base64.b64encode(poster_jpeg(entry.media or video.path)).decode()
    return (
        described
        | {name: getattr(video, name) for name in ("duration", "frame_rate", "width", "height", "num_frames")}
        | {"poster": f"data:image/jpeg;base64,{poster}", "found": _actions(video)}
        | {"truth": _actions(entry.truth) if entry.truth is not None else None}
        | {"scores": _window_rows(entry.scores) if entry.scores is not None and len(entry.scores.windows) else None}
    )


def _actions(video: Video) -> dict[str, Any]:
    plain = video.to_dict()
    return {kind: plain.get(kind, []) for kind in ("labels", "segments", "boxes", "tubes")}


def _window_rows(scores: WindowScores) -> dict[str, Any]:
    """The leading classes of a timeline; scores in thousandths, which a screen cannot tell from more."""
    leading = leading_classes(scores, TIMELINE_ROWS)
    thousandths = (scores.scores[:, leading] * 1000).round().astype(int)
    return {
        "classes": [scores.classes[k] for k in leading],
        "windows": [[round(float(t), 3) for t in window] for window in scores.windows],
        "rows": thousandths.T.tolist(),
    }


def _template(name: str) -> str:
    return files("tubelet.viewer").joinpath("templates", name).read_text(encoding="utf-8")


def _fill(template: str, title: str, content: dict[str, Any]) -> str:
    for mark, name in (("/* style */", "report.css"), ("/* timeline */", "timeline.js"), ("/* script */", "report.js")):
        template = template.replace(mark, _template(name))
    return template.replace("<!-- title -->", html.escape(title)).replace("/* content */", _script_json(content))


def _script_json(content: dict[str, Any]) -> str:
    """JSON that cannot end its <script> element: a file may be named anything, also `</script>`."""
    return json.dumps(_finite(content), ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )


def _finite(value: Any) -> Any:
    """The same value with None in place of NaN and infinities, which JSON does not have, and floats rounded."""
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value
