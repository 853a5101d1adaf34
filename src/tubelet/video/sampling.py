"""Where a clip's frames lie in a video, exactly as each paper's code takes them.

Pure functions from a number of frames to int64 frame indices, 0-based. The conventions differ in ways that move
published figures, so each is a function of its own that names its source. A ``*_train`` function draws from a NumPy
generator and hands the draw to the deterministic form above it. A clip is (clip_frames,) indices, or (num_segments,);
a ``*_test`` function returns one such row a view. A count below 1 is a ``ClipError``; a video shorter than the clip is
never one: each paper says what is repeated. Six families:

- ``dense_*``: VideoMAE, a window of ``clip_frames * frame_stride`` frames cut by linspace
- ``pretrain_*``: VideoMAE pre-training, constant stride
- ``segment_*``: TSN's equal segments as VideoMAE, VideoMAE v2 and TAM cut them
- ``interval_*``: equal intervals with rounded borders (Video Swin, MViT, TimeSformer, MVD on Something-Something)
- ``wrapped_*``: constant stride, indices past the end wrap around (mmaction2, Video Swin, TAM)
- ``span_*``: real-valued start and span cut by linspace (SlowFast, MViT, UniFormer, TimeSformer)
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tubelet.video.errors import ClipError

Indices = NDArray[np.int64]


def _check(num_frames: int, **counts: float) -> None:
    if num_frames < 1:
        raise ClipError(f"a clip was asked of a video with {num_frames} frames; at least 1 is needed.")
    for name, value in counts.items():
        if value < 1:
            raise ClipError(f"{name}={value} was given; it must be at least 1.")


def _strided(starts: ArrayLike, clip_frames: int, frame_stride: int) -> Indices:
    """Frames at a constant stride from each start: (...,) -> (..., clip_frames)."""
    return np.asarray(starts, dtype=np.int64)[..., None] + np.arange(clip_frames, dtype=np.int64) * frame_stride


# VideoMAE, dense


def dense_clip(num_frames: int, end: int, clip_frames: int = 16, frame_stride: int = 4) -> Indices:
    """The window of ``clip_frames * frame_stride`` frames before ``end``, cut by linspace (VideoMAE, Kinetics).

    The spacing is window / (clip_frames - 1), 64/15 for 16 x 4, not the stride. A video that is no longer than the
    window gives ``num_frames // frame_stride`` frames over its whole length, then its last frame; ``end`` is then
    unused.
    """
    _check(num_frames, clip_frames=clip_frames, frame_stride=frame_stride)
    window = clip_frames * frame_stride
    if num_frames <= window:
        spread = np.linspace(0, num_frames, num_frames // frame_stride)
        index = np.concatenate([spread, np.full(clip_frames - len(spread), num_frames)])
        return np.clip(index, 0, num_frames - 1).astype(np.int64)
    start = end - window
    return np.clip(np.linspace(start, end, clip_frames), start, end - 1).astype(np.int64)


def dense_clip_train(num_frames: int, clip_frames: int, frame_stride: int, rng: np.random.Generator) -> Indices:
    """A random window of the video, its end uniform in window..num_frames-1 (VideoMAE; v1 validates so too)."""
    window = clip_frames * frame_stride
    end = int(rng.integers(window, num_frames)) if num_frames > window else num_frames
    return dense_clip(num_frames, end, clip_frames, frame_stride)


def dense_clip_val(num_frames: int, clip_frames: int = 16, frame_stride: int = 4) -> Indices:
    """The centred window (VideoMAE v2 validation)."""
    return dense_clip(num_frames, (clip_frames * frame_stride + num_frames) // 2, clip_frames, frame_stride)


def dense_clips_test(num_frames: int, clip_frames: int = 16, frame_stride: int = 4, num_clips: int = 5) -> Indices:
    """Test views over every ``frame_stride``-th frame, the first at the start, the last at the end (VideoMAE v1, v2).

    Here the spacing is the stride itself. A video with too few such frames repeats the last of them. The authors
    divide by num_clips - 1; a single view is centred.
    """
    _check(num_frames, clip_frames=clip_frames, frame_stride=frame_stride, num_clips=num_clips)
    grid = np.arange(0, num_frames, frame_stride, dtype=np.int64)
    free = max(len(grid) - clip_frames, 0)
    starts = [int(view * (free / (num_clips - 1))) for view in range(num_clips)] if num_clips > 1 else [free // 2]
    return grid[np.minimum(_strided(starts, clip_frames, 1), len(grid) - 1)]


def pretrain_clip(num_frames: int, start: int, clip_frames: int = 16, frame_stride: int = 4) -> Indices:
    """A clip at constant stride that stops before it would leave the video (VideoMAE v1, v2, MVD pre-training).

    A short video repeats its last frame on the grid, which need not be its last frame.

    Raises:
        ClipError: a count below 1, or a start outside the video.
    """
    _check(num_frames, clip_frames=clip_frames, frame_stride=frame_stride)
    if not 0 <= start < num_frames:
        raise ClipError(f"a clip cannot start at frame {start} of a video with {num_frames} frames.")
    last = start + (num_frames - 1 - start) // frame_stride * frame_stride
    return np.minimum(_strided(start, clip_frames, frame_stride), last)


def pretrain_clip_train(num_frames: int, clip_frames: int, frame_stride: int, rng: np.random.Generator) -> Indices:
    """The same from a start uniform in 0..num_frames - clip_frames * frame_stride."""
    start = int(rng.integers(0, max(num_frames - clip_frames * frame_stride, 0) + 1))
    return pretrain_clip(num_frames, start, clip_frames, frame_stride)


# TSN's segments


def segment_clip(num_frames: int, draws: ArrayLike, short: Literal["first", "all"] = "first") -> Indices:
    """One frame of each of T equal segments of ``num_frames // T`` frames; the tail is never used (TSN, VideoMAE).

    Args:
        num_frames: frames of the video.
        draws: (T,) the frame within each segment, 0..num_frames // T - 1; unused for a short video.
        short: what a video with fewer than T frames gives: "first" is its first frame T times (VideoMAE v1, TAM),
            "all" is the first frame T - num_frames times and then every frame (VideoMAE v2).

    Raises:
        ClipError: no frames, or no segments.
    """
    offsets = np.asarray(draws, dtype=np.int64)
    segments = len(offsets)
    _check(num_frames, num_segments=segments)
    length = num_frames // segments
    if length > 0:
        return np.arange(segments, dtype=np.int64) * length + offsets
    if short == "first":
        return np.zeros(segments, dtype=np.int64)
    return np.maximum(np.arange(segments, dtype=np.int64) - (segments - num_frames), 0)


def segment_clip_train(
    num_frames: int, num_segments: int, rng: np.random.Generator, short: Literal["first", "all"] = "first"
) -> Indices:
    """A uniform draw in every segment (VideoMAE v1, v2 on Something-Something, TAM "uniform")."""
    _check(num_frames, num_segments=num_segments)
    return segment_clip(num_frames, rng.integers(0, max(num_frames // num_segments, 1), num_segments), short)


def segment_clip_val(num_frames: int, num_segments: int = 16, short: Literal["first", "all"] = "all") -> Indices:
    """The middle frame of every segment (VideoMAE v2 validation on Something-Something)."""
    _check(num_frames, num_segments=num_segments)
    return segment_clip(num_frames, np.full(num_segments, num_frames // num_segments // 2), short)


def segment_clips_test(num_frames: int, num_segments: int = 16, num_clips: int = 2) -> Indices:
    """Interleaved views: every segment cut in ``num_clips``, all sorted, dealt in turn (VideoMAE v1, v2 on SSv2)."""
    _check(num_frames, num_segments=num_segments, num_clips=num_clips)
    tick = num_frames / num_segments
    ticks = np.arange(num_segments) * tick + (np.arange(num_clips) * (tick / num_clips))[:, None]
    return np.sort(ticks.astype(np.int64), axis=None).reshape(num_segments, num_clips).T.copy()


def segment_center_clip(num_frames: int, num_segments: int, zero_short: bool = False) -> Indices:
    """The centre of T segments of real-valued length (TSN test; TAM "uniform-1"; mmaction2).

    Args:
        num_frames: frames of the video.
        num_segments: T.
        zero_short: a video of at most T frames gives its first frame only, as TAM's validation while it trains.
    """
    _check(num_frames, num_segments=num_segments)
    if zero_short and num_frames <= num_segments:
        return np.zeros(num_segments, dtype=np.int64)
    tick = num_frames / num_segments
    return (tick / 2 + tick * np.arange(num_segments)).astype(np.int64)


def segment_shifted_clips_test(num_frames: int, num_segments: int, num_clips: int) -> Indices:
    """Clips of equal segments from starts spread over the first segment (TAM "uniform-N"; SSv2: N = 2).

    Returns:
        (num_clips, num_segments) indices; past the ends they wrap around.
    """
    _check(num_frames, num_segments=num_segments, num_clips=num_clips)
    tick = num_frames / num_segments
    starts = np.floor(np.linspace(0, tick - 1, num_clips))
    # Truncation towards zero comes before the wrap: a start of -1 stands for the last frame, -0.4 for the first.
    return (starts[:, None] + tick * np.arange(num_segments)).astype(np.int64) % num_frames


# Intervals with rounded borders


def _borders(num_frames: int, num_segments: int, part: float = 0.0) -> Indices:
    """round((num_frames - 1) / T * i + part of an interval) for i = 0..T, halves to even."""
    length = (num_frames - 1) / num_segments
    return np.round(length * np.arange(num_segments + 1) + length * part).astype(np.int64)


def interval_clip_train(num_frames: int, num_segments: int, rng: np.random.Generator) -> Indices:
    """A uniform draw in every interval, both borders included, so neighbours may share a frame.

    Sources: "frame_uniform" of Video Swin on SSv2; SlowFast, MViT, TimeSformer, UniFormer and MVD on SSv2.
    """
    _check(num_frames, num_segments=num_segments)
    borders = _borders(num_frames, num_segments)
    return rng.integers(borders[:-1], borders[1:], endpoint=True)


def interval_clips_test(num_frames: int, num_segments: int, num_clips: int = 1) -> Indices:
    """The middles of the intervals; several views cut every interval in ``num_clips`` parts (MVD, 2 views on SSv2)."""
    _check(num_frames, num_segments=num_segments, num_clips=num_clips)
    views = []
    for view in range(num_clips):
        low = _borders(num_frames, num_segments, view / num_clips)[:-1]
        high = _borders(num_frames, num_segments, (view + 1) / num_clips)[:-1]
        views.append((low + high) // 2)
    return np.stack(views)


# Constant stride that wraps around


def wrapped_clip(num_frames: int, start: int, clip_frames: int = 32, frame_stride: int = 2) -> Indices:
    """Every ``frame_stride``-th frame from ``start``, modulo the number of frames (mmaction2, Video Swin, TAM)."""
    _check(num_frames, clip_frames=clip_frames, frame_stride=frame_stride)
    return _strided(start, clip_frames, frame_stride) % num_frames


def wrapped_clip_train(num_frames: int, clip_frames: int, frame_stride: int, rng: np.random.Generator) -> Indices:
    """The same from a start uniform in 0..num_frames - clip_frames * frame_stride (Video Swin on Kinetics: 32 x 2)."""
    start = int(rng.integers(0, max(num_frames - clip_frames * frame_stride, 0) + 1))
    return wrapped_clip(num_frames, start, clip_frames, frame_stride)


def wrapped_clips_test(
    num_frames: int,
    clip_frames: int = 32,
    frame_stride: int = 2,
    num_clips: int = 4,
    starts: Literal["swin", "mmaction2", "tam"] = "swin",
) -> Indices:
    """Test views at a constant stride that wrap around.

    Args:
        num_frames: frames of the video.
        clip_frames: frames a view.
        frame_stride: frames from one to the next.
        num_clips: views.
        starts: "swin" puts them in the middles of equal parts of the free range (Video Swin, 4 views); "mmaction2"
            spreads them from the first frame until the last view ends at the last frame, rounded (SlowFast, CSN there;
            10 views); "tam" spreads them over a free range of one window, truncated, a single view in its middle (TAM
            "dense-N").
    """
    _check(num_frames, clip_frames=clip_frames, frame_stride=frame_stride, num_clips=num_clips)
    window = clip_frames * frame_stride
    views = np.arange(num_clips)
    if starts == "swin":
        part = max(num_frames - window + 1, 0) / num_clips
        first = np.floor(views * part + part / 2) if num_frames >= window else np.zeros(num_clips)
    elif starts == "mmaction2":
        free = max(num_frames - ((clip_frames - 1) * frame_stride + 1), 0)
        first = np.round(free * views / (num_clips - 1)) if num_clips > 1 else np.array([free // 2])
    else:
        free = max(1, 1 + num_frames - window)
        first = np.floor(np.linspace(0, free - 1, num_clips)) if num_clips > 1 else np.array([free // 2])
    return _strided(first, clip_frames, frame_stride) % num_frames


# Real-valued spans


def span_clip(num_frames: int, start: float, span: float, clip_frames: int = 16) -> Indices:
    """Truncated linspace(start, start + span - 1), clamped to the video (SlowFast, MViT, UniFormer, TimeSformer).

    Returns:
        (clip_frames,) indices; the spacing is (span - 1) / (clip_frames - 1), 4.2 for 16 x 4.
    """
    _check(num_frames, clip_frames=clip_frames)
    # The authors' indices come from float32 and from both ends inwards; float64 truncates some of them differently.
    first, last = np.float32(start), np.float32(start + span - 1)
    step = (last - first) / np.float32(max(clip_frames - 1, 1))
    count = np.arange(clip_frames, dtype=np.float32)
    index = np.where(count < max(clip_frames // 2, 1), first + step * count, last - step * count[::-1])
    return np.clip(index, 0, num_frames - 1).astype(np.int64)


def span_clip_train(
    num_frames: int, clip_frames: int, frame_stride: int, rng: np.random.Generator, frame_rate: float = 30.0
) -> Indices:
    """A start uniform over the real numbers 0..num_frames - span; the stride counts frames of a 30 fps time axis.

    UniFormer ignores the frame rate: leave it at 30.
    """
    span = max(1.0, frame_stride * clip_frames / 30.0 * frame_rate)
    return span_clip(num_frames, rng.uniform(0.0, max(num_frames - span, 0.0)), span, clip_frames)


def span_clips_test(
    num_frames: int,
    clip_frames: int,
    frame_stride: int,
    num_clips: int,
    frame_rate: float = 30.0,
    offset_sampling: bool = False,
) -> Indices:
    """Test views; the stride counts frames of a 30 fps time axis.

    Args:
        num_frames: frames of the video.
        clip_frames: frames a view.
        frame_stride: frames of a 30 fps video from one to the next.
        num_clips: views.
        frame_rate: of the video, frames a second.
        offset_sampling: False starts view k at free * k / num_clips (SlowFast, TimeSformer: one view starts at frame
            0, and no view reaches the end); True at k * floor(free / (num_clips - 1)) (MViT, UniFormer; one view is
            centred).
    """
    _check(num_frames, clip_frames=clip_frames, frame_stride=frame_stride, num_clips=num_clips)
    span = max(1.0, frame_stride * clip_frames / 30.0 * frame_rate)
    free = max(num_frames - span, 0.0)
    if not offset_sampling:
        starts = [free * view / num_clips for view in range(num_clips)]
    elif num_clips == 1:
        starts = [free // 2]
    else:
        starts = [view * (free // (num_clips - 1)) for view in range(num_clips)]
    return np.stack([span_clip(num_frames, start, span, clip_frames) for start in starts])


def slow_pathway(clip_frames: int, alpha: int) -> Indices:
    """Which frames of the fast clip the slow pathway sees: 0, 10, 20, 31 for 32 and 8 (SlowFast; not every 8th).

    Returns:
        (clip_frames // alpha,) indices into the clip.
    """
    _check(clip_frames, alpha=alpha, slow_frames=clip_frames // alpha)
    return np.linspace(0, clip_frames - 1, clip_frames // alpha).astype(np.int64)


def keyframe_clip(num_frames: int, keyframe: int, clip_frames: int, frame_stride: int) -> Indices:
    """A clip around a key frame, clamped at both ends of the video (SlowFast and its followers on AVA).

    Returns:
        (clip_frames,) indices; ``keyframe`` itself is the frame after the middle when the clip is even.
    """
    _check(num_frames, clip_frames=clip_frames, frame_stride=frame_stride)
    start = keyframe - clip_frames * frame_stride // 2
    return np.clip(_strided(start, clip_frames, frame_stride), 0, num_frames - 1)


# Long videos


def sliding_windows(
    num_frames: int, clip_frames: int, frame_stride: int = 1, hop: int = 1, cover_end: bool = False
) -> Indices:
    """Windows over a whole video, from frame 0, ``hop`` frames apart, as long as all of a window lies in the video.

    VideoMAE v2's detection features are 16 x 1 with a hop of 4 (THUMOS14) or 16 (FineAction). A video shorter than one
    window gives one, with the last frame repeated.

    Args:
        num_frames: frames of the video.
        clip_frames: frames a window.
        frame_stride: frames from one to the next.
        hop: frames from a window's start to the next one's.
        cover_end: add a last window that ends with the video when the hop leaves a rest.

    Returns:
        (windows, clip_frames) indices.
    """
    _check(num_frames, clip_frames=clip_frames, frame_stride=frame_stride, hop=hop)
    free = max(num_frames - ((clip_frames - 1) * frame_stride + 1), 0)
    starts = list(range(0, free + 1, hop))
    if cover_end and starts[-1] != free:
        starts.append(free)
    return np.minimum(_strided(starts, clip_frames, frame_stride), num_frames - 1)
