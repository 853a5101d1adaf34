"""Labels, boxes and tubes drawn on frames of video with Pillow.

Everything scales with the frame, so that a 128-pixel clip and a 4K video read alike. Predictions are solid, ground
truth is dashed. `draw` paints one frame; `annotate_video` writes a whole video with a strip below the picture that
shows what was seen when, so that one still of it already tells the story.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tubelet.annotations import Box, Label, Segment, Tube, Video
from tubelet.video import VideoWriter
from tubelet.viewer.palette import assign_colors, color_of
from tubelet.viewer.playback import constant_rate, constant_rate_frames, open_scaled

BOX_SHOWN_FOR = 0.5  # seconds around its own moment that a single box stays visible (AVA labels one frame a second)
_INK, _INK_DIM, _SHADE = (255, 255, 255, 255), (200, 206, 214, 255), (13, 16, 22, 205)


def mentioned_labels(*videos: Video | None) -> list[str]:
    """Names of all labels in videos, those that fill most time first: the order in which they get colours."""
    weight: dict[str, float] = {}
    for video in filter(None, videos):
        spans: Iterable[Segment | Tube] = (*video.segments, *video.tubes)
        for span in spans:
            weight[span.label] = weight.get(span.label, 0.0) + span.end - span.start
        for name in (*(label.name for label in video.labels), *(box.label for box in video.boxes)):
            weight.setdefault(name, 0.0)
    return sorted(weight, key=lambda name: -weight[name])


def labels_at(video: Video, time: float) -> list[Label]:
    """What happens at a moment: the segments that cover it, the best first; a video without segments has its labels."""
    if not video.segments:
        return list(video.labels[:1])
    covering = [segment for segment in video.segments if segment.start <= time < segment.end]
    covering.sort(key=lambda segment: -(segment.score or 0.0))
    return [Label(segment.label, segment.score) for segment in covering]


def boxes_at(video: Video, time: float) -> list[Box]:
    """Boxes to show at a moment: the nearest within half a second, and the tubes over it, linearly interpolated."""
    near = [box for box in video.boxes if abs(box.time - time) <= BOX_SHOWN_FOR]
    nearest = min((abs(box.time - time) for box in near), default=0.0)
    shown = [box for box in near if abs(box.time - time) <= nearest + 1e-6]
    for tube in video.tubes:
        if tube.start <= time <= tube.end:
            x1, y1, x2, y2 = (float(np.interp(time, tube.times, tube.boxes[:, side])) for side in range(4))
            shown.append(Box(time, (x1, y1, x2, y2), tube.label, tube.score, tube.actor))
    return shown


def draw_labels(frame: np.ndarray, labels: Sequence[Label], colors: Mapping[str, int] | None = None) -> np.ndarray:
    """Stack labels with their scores in the top left corner.

    Args:
        frame: uint8 (H, W, 3).
        labels: drawn from the top down; those that find no room are left out.
        colors: from `assign_colors`; by default the labels are coloured in their own order.

    Returns:
        A new uint8 (H, W, 3) frame.
    """
    colors = assign_colors(label.name for label in labels) if colors is None else colors
    canvas = Image.fromarray(frame)
    height = _text_height(canvas.height, canvas.width)
    left = top = round(height * 0.5)
    for label in labels:
        chip = _chip(label.name, label.score, color_of(label.name, colors, dark=True), height)
        if top + chip.height > canvas.height:
            break
        canvas.paste(chip, (left, top), chip)
        top += chip.height + max(2, height // 5)
    return np.asarray(canvas)


def draw_boxes(
    frame: np.ndarray, boxes: Sequence[Box], colors: Mapping[str, int] | None = None, *, truth: bool = False
) -> np.ndarray:
    """Draw boxes with their labels on a uint8 (H, W, 3) frame; returns a new one. Truth is dashed and says so."""
    colors = assign_colors(box.label for box in boxes) if colors is None else colors
    canvas = Image.fromarray(frame)
    pen = ImageDraw.Draw(canvas)
    width = max(2, round(min(canvas.size) / 140))
    height = round(_text_height(canvas.height, canvas.width) * 0.85)
    for box in boxes:
        color = color_of(box.label, colors, dark=True)
        left, top, right, bottom = (
            round(value * (size - 1)) for value, size in zip(box.xyxy, canvas.size * 2, strict=True)
        )
        for line in _outline(left, top, right, bottom, dash=width * 4 if truth else None):
            pen.line(line, fill=color, width=width)
        name = f"truth: {box.label}" if truth else box.label if box.actor is None else f"{box.label} · {box.actor}"
        chip = _chip(name, box.score, color, height)
        above = top - chip.height - width
        x = min(max(left - width // 2, 0), max(canvas.width - chip.width, 0))
        canvas.paste(chip, (x, above if above >= 0 else min(bottom + width, canvas.height - chip.height)), chip)
    return np.asarray(canvas)


def draw(
    frame: np.ndarray,
    time: float,
    video: Video,
    *,
    truth: Video | None = None,
    colors: Mapping[str, int] | None = None,
) -> np.ndarray:
    """Draw all that a video's annotations say of one moment.

    Args:
        frame: uint8 (H, W, 3).
        time: the frame's time in seconds.
        video: predictions, drawn solid: boxes, and the labels of the segments that cover the moment.
        truth: ground truth, whose boxes are drawn dashed.
        colors: from `assign_colors`.

    Returns:
        A new uint8 (H, W, 3) frame.
    """
    colors = assign_colors(mentioned_labels(truth, video)) if colors is None else colors
    if truth is not None:
        frame = draw_boxes(frame, boxes_at(truth, time), colors, truth=True)
    frame = draw_boxes(frame, boxes_at(video, time), colors)
    return draw_labels(frame, labels_at(video, time), colors)


def annotate_video(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    video: Video,
    *,
    truth: Video | None = None,
    short_side: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Write a video with its annotations drawn in, as H.264 mp4 at a constant frame rate; returns its path.

    Args:
        source: the video to draw on.
        target: the mp4 to write; it appears when it is whole.
        video: predictions.
        truth: ground truth, drawn dashed and as the upper lane of the strip.
        short_side: scale down to it, pixels; None keeps the size.
        progress: called with the second that has been written.

    Raises:
        VideoError: the source cannot be read.
    """
    colors = assign_colors(mentioned_labels(truth, video))
    with open_scaled(Path(source), short_side) as reader:
        rate, duration = constant_rate(reader), float(reader.metadata.duration or 0.0)
        strip: Image.Image | None = None
        with VideoWriter(target, frame_rate=rate) as writer:
            for time, frame in constant_rate_frames(reader, rate):
                picture = draw(frame, time, video, truth=truth, colors=colors)
                if strip is None:
                    strip = _strip(video, truth, duration, frame.shape[1], frame.shape[0], colors)
                writer.write(np.concatenate([picture, _with_playhead(strip, time, duration)]))
                if progress is not None:
                    progress(time)
    return Path(target)


def _strip(
    video: Video, truth: Video | None, duration: float, width: int, height: int, colors: Mapping[str, int]
) -> Image.Image:
    """Lanes of segments over the whole video, ground truth (hatched by a lower tone) above predictions."""
    lane = max(8, round(height / 24))
    gap = max(2, lane // 4)
    lanes = [lane_of.segments for lane_of in (truth, video) if lane_of is not None and lane_of.segments]
    strip = Image.new("RGB", (width, (gap + lane) * len(lanes) + gap if lanes else 0), "#10131a")
    pen = ImageDraw.Draw(strip)
    for row, segments in enumerate(lanes):
        top = gap + row * (lane + gap)
        pen.rectangle((0, top, width - 1, top + lane - 1), fill="#1d222c")
        for segment in segments:
            left, right = (round(t / max(duration, 1e-9) * width) for t in (segment.start, segment.end))
            pen.rectangle(
                (left, top, max(right - 2, left), top + lane - 1), fill=color_of(segment.label, colors, dark=True)
            )
    return strip


def _with_playhead(strip: Image.Image, time: float, duration: float) -> np.ndarray:
    if strip.height == 0:
        return np.asarray(strip)
    strip = strip.copy()
    x = round(time / max(duration, 1e-9) * (strip.width - 1))
    ImageDraw.Draw(strip).rectangle((x - 1, 0, x + 1, strip.height - 1), fill="#ffffff")
    return np.asarray(strip)


def _outline(left: int, top: int, right: int, bottom: int, dash: int | None) -> list[tuple[int, int, int, int]]:
    """The lines of a rectangle, each cut into dashes as long as the gaps between them when `dash` is given."""
    sides = [
        (left, top, right, top),
        (right, top, right, bottom),
        (right, bottom, left, bottom),
        (left, bottom, left, top),
    ]
    if dash is None:
        return sides
    lines = []
    for x1, y1, x2, y2 in sides:
        steps = np.linspace(0.0, 1.0, 2 * max(1, round((abs(x2 - x1) + abs(y2 - y1)) / dash / 2)) + 1)
        xs, ys = np.rint(x1 + (x2 - x1) * steps).astype(int), np.rint(y1 + (y2 - y1) * steps).astype(int)
        lines += [(int(xs[i]), int(ys[i]), int(xs[i + 1]), int(ys[i + 1])) for i in range(0, len(xs) - 1, 2)]
    return lines


def _text_height(height: int, width: int) -> int:
    return max(10, round(min(height, width) / 22))


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which every matplotlib carries and which covers Latin, Greek, Cyrillic and more."""
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf", size)


@lru_cache(maxsize=512)
def _chip(text: str, score: float | None, color: str, height: int) -> Image.Image:
    """A rounded dark tag: a tick of the label's colour, its name, its score. RGBA, smooth at the corners."""
    scale = 3  # Pillow draws without anti-aliasing; a larger drawing scaled down has smooth corners
    size, pad = height * scale, round(height * scale * 0.42)
    font, tick = _font(size), round(size * 0.32)
    share = "" if score is None else f"  {score:.0%}"
    text_width, share_width = font.getlength(text), font.getlength(share)
    width, tall = round(pad * 3 + tick + text_width + share_width), round(size * 1.75)
    chip = Image.new("RGBA", (width, tall), (0, 0, 0, 0))
    pen = ImageDraw.Draw(chip)
    pen.rounded_rectangle((0, 0, width - 1, tall - 1), radius=round(size * 0.35), fill=_SHADE)
    pen.rounded_rectangle((pad, tall * 0.24, pad + tick, tall * 0.76), radius=tick // 2, fill=color)
    pen.text((pad * 2 + tick, tall / 2), text, font=font, fill=_INK, anchor="lm")
    pen.text((pad * 2 + tick + text_width, tall / 2), share, font=font, fill=_INK_DIM, anchor="lm")
    return chip.resize((max(1, width // scale), max(1, tall // scale)), Image.Resampling.LANCZOS)
