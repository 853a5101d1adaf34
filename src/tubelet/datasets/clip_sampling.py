"""Which frames of a video become clips, for training, validation and testing.

Values over the functions of `tubelet.video.sampling`: "dense" is VideoMAE's window of neighbouring frames (Kinetics,
UCF101, HMDB51), "segments" its one frame a segment (Something-Something v2). Training draws one clip, validation takes
the one in the middle, testing takes several.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tubelet.errors import TubeletError
from tubelet.video import sampling

Mode = Literal["train", "validation", "test"]


class ClipSampling(Protocol):
    """What a recognition data set asks for the frames of a video."""

    def __call__(self, video_frames: int, generator: np.random.Generator) -> NDArray[np.int64]:
        """Frame indices ``(clips, T)`` for a video of so many frames."""


@dataclass(frozen=True)
class DenseSampling:
    """A window of neighbouring frames (Tong et al., VideoMAE; validation centred as in v2).

    Args:
        mode: "train" draws the window, "validation" centres it, "test" spreads ``num_clips`` over the video.
        num_frames: frames of a clip.
        frame_stride: frames of the video from one frame of the clip to the next.
        num_clips: in testing.
    """

    mode: Mode
    num_frames: int = 16
    frame_stride: int = 4
    num_clips: int = 5

    def __call__(self, video_frames: int, generator: np.random.Generator) -> NDArray[np.int64]:
        """Frame indices ``(clips, T)``; raises `ClipError` for a video without frames."""
        if self.mode == "test":
            return sampling.dense_clips_test(video_frames, self.num_frames, self.frame_stride, self.num_clips)
        if self.mode == "validation":
            return sampling.dense_clip_val(video_frames, self.num_frames, self.frame_stride)[None]
        return sampling.dense_clip_train(video_frames, self.num_frames, self.frame_stride, generator)[None]


@dataclass(frozen=True)
class SegmentSampling:
    """One frame of each of equal segments (Wang et al., TSN, ECCV 2016; VideoMAE on Something-Something v2).

    Args:
        mode: "train" draws a frame in every segment, "validation" takes its middle, "test" deals ``num_clips`` frames
            of every segment to as many clips.
        num_frames: segments, and frames of a clip.
        num_clips: in testing.
        short: what training takes of a video with fewer frames than segments: its first alone (VideoMAE) or all (v2).
    """

    mode: Mode
    num_frames: int = 16
    num_clips: int = 2
    short: Literal["first", "all"] = "first"

    def __call__(self, video_frames: int, generator: np.random.Generator) -> NDArray[np.int64]:
        """Frame indices ``(clips, T)``; raises `ClipError` for a video without frames."""
        if self.mode == "test":
            return sampling.segment_clips_test(video_frames, self.num_frames, self.num_clips)
        if self.mode == "validation":
            return sampling.segment_clip_val(video_frames, self.num_frames)[None]
        return sampling.segment_clip_train(video_frames, self.num_frames, generator, self.short)[None]


def clip_sampling(
    name: str, mode: Mode, *, num_frames: int = 16, frame_stride: int = 4, num_clips: int | None = None
) -> ClipSampling:
    """A sampling by its name, as recipes give it.

    Args:
        name: "dense" or "segments".
        mode: what the clips are for.
        num_frames: frames of a clip.
        frame_stride: of "dense".
        num_clips: in testing; None for VideoMAE's 5 ("dense") or 2 ("segments").

    Raises:
        TubeletError: when there is no such sampling.
    """
    makers: dict[str, Callable[[], ClipSampling]] = {
        "dense": lambda: DenseSampling(mode, num_frames, frame_stride, num_clips or DenseSampling.num_clips),
        "segments": lambda: SegmentSampling(mode, num_frames, num_clips or SegmentSampling.num_clips),
    }
    if name not in makers:
        raise TubeletError(f'clip sampling {name!r} is not known; expected "dense" or "segments".')
    return makers[name]()
