"""Videos of ground truth and predictions as the columns that evaluators take.

Videos of the ground truth are numbered first, in its order; those that only predictions name follow. A label that is
none of the classes gets the number after the last class, which every evaluator takes for a class without instances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tubelet.annotations import Video, VideoSet
from tubelet.annotations.box_numbers import file_pixels
from tubelet.annotations.units import seconds_to_frame
from tubelet.metrics.tables import Boxes, Segments, Tubes
from tubelet.metrics.video_classification import VideoLabels
from tubelet.scoring.files import ScoringError


def numbered(*names: Iterable[str]) -> dict[str, int]:
    """A number for each name, in the order of first mention."""
    return {name: number for number, name in enumerate(dict.fromkeys(name for some in names for name in some))}


def segments_of(videos: VideoSet, numbers: Mapping[str, int], labels: Mapping[str, int]) -> Segments:
    """The segments of all videos; with scores if they have some."""
    rows = [(numbers[video.path], one) for video in videos for one in video.segments]
    return Segments(
        np.array([number for number, _ in rows], np.int64),
        np.array([one.start for _, one in rows], np.float64),
        np.array([one.end for _, one in rows], np.float64),
        np.array([labels.get(one.label, len(labels)) for _, one in rows], np.int64),
        _scores([one.score for _, one in rows]),
    )


def labels_of(videos: VideoSet, numbers: Mapping[str, int], labels: Mapping[str, int]) -> VideoLabels:
    """The labels of whole videos; a video without any has those of its segments."""
    rows = [
        (numbers[video.path], labels[name], score)
        for video in videos
        for name, score in (
            [(one.name, one.score) for one in video.labels] or [(one.label, one.score) for one in video.segments]
        )
    ]
    return VideoLabels(
        np.array([video for video, _, _ in rows], np.int64),
        np.array([label for _, label, _ in rows], np.int64),
        _scores([score for *_, score in rows]),
    )


@dataclass(frozen=True, eq=False)
class Frames:
    """How the frames of all videos are numbered on: frame f of video v, from 1, is ``v * stride + f``.

    Args:
        names: of the V videos.
        rates: (V,) frames a second.
        sizes: (V, 2) width and height in pixels.
        stride: more than any video has frames.
    """

    names: tuple[str, ...]
    rates: NDArray[np.float64]
    sizes: NDArray[np.float64]
    stride: int

    @classmethod
    def of(cls, videos: VideoSet) -> Frames:
        """Of ground truth; raises `ScoringError` when a video lacks its frame rate or size."""
        for video in videos:
            if video.frame_rate is None or video.width is None or video.height is None:
                raise ScoringError(
                    f"the ground truth's video {video.path} lacks its frame rate or size; boxes are measured in "
                    "pixels of frames."
                )
        longest = max([video.num_frames or 0 for video in videos] + [_last_frame(video) for video in videos], default=0)
        return cls(
            tuple(video.path for video in videos),
            np.array([video.frame_rate for video in videos], np.float64),
            np.array([(video.width, video.height) for video in videos], np.float64).reshape(-1, 2),
            2 * longest + 2,
        )

    @property
    def videos_of_frames(self) -> NDArray[np.int64]:
        """(F,) the video of each number."""
        return np.repeat(np.arange(len(self.names)), self.stride)

    @property
    def first_frames(self) -> NDArray[np.int64]:
        """(V,) the number that a frame 0 of each video would have."""
        return np.arange(len(self.names)) * self.stride

    def tubes_of(self, videos: VideoSet, labels: Mapping[str, int]) -> Tubes:
        """The tubes of all videos, in pixels."""
        numbers = numbered(self.names)
        rows = [(numbers[video.path], video, tube) for video in videos for tube in video.tubes]
        frames = [self._frames(number, video, tube.times) for number, video, tube in rows]
        boxes = [file_pixels(tube.boxes, *self.sizes[number]) for number, _, tube in rows]
        return Tubes(
            np.array([number for number, _, _ in rows], np.int64),
            np.array([labels[tube.label] for *_, tube in rows], np.int64),
            np.array([len(tube.times) for *_, tube in rows], np.int64),
            np.concatenate([np.zeros(0, np.int64), *frames]),
            np.concatenate([np.zeros((0, 4)), *boxes]),
            _scores([tube.score for *_, tube in rows]),
        )

    def boxes_of(self, videos: VideoSet, labels: Mapping[str, int]) -> Boxes:
        """The boxes of all videos, in pixels, numbered on."""
        numbers = numbered(self.names)
        some = [(numbers[video.path], video) for video in videos if video.boxes]
        frames = [
            number * self.stride + self._frames(number, video, [box.time for box in video.boxes])
            for number, video in some
        ]
        boxes = [file_pixels([box.xyxy for box in video.boxes], *self.sizes[number]) for number, video in some]
        return Boxes(
            np.concatenate([np.zeros(0, np.int64), *frames]),
            np.concatenate([np.zeros((0, 4)), *boxes]),
            np.array([labels[box.label] for _, video in some for box in video.boxes], np.int64),
            _scores([box.score for _, video in some for box in video.boxes]),
        )

    def boxes_of_tubes(self, tubes: Tubes, scores: NDArray[np.float64] | None = None) -> Boxes:
        """The boxes of tubes, each with its own score or its tube's."""
        if scores is None and tubes.scores is not None:
            scores = np.repeat(tubes.scores, tubes.lengths)
        frames = np.repeat(tubes.videos, tubes.lengths) * self.stride + tubes.frames
        return Boxes(frames, tubes.boxes, np.repeat(tubes.labels, tubes.lengths), scores)

    def _frames(self, number: int, video: Video, times: Sequence[float] | NDArray[np.float64]) -> NDArray[np.int64]:
        frames = seconds_to_frame(times, video.frame_rate or float(self.rates[number]), first=1)
        wrong = np.flatnonzero((frames < 1) | (frames >= self.stride))
        if len(wrong):
            raise ScoringError(
                f"the video {video.path} has a box at {times[wrong[0]]} s, far outside the ground truth's video."
            )
        return frames


def _last_frame(video: Video) -> int:
    times = [tube.end for tube in video.tubes] + [box.time for box in video.boxes]
    return int(seconds_to_frame(max(times, default=0.0), video.frame_rate or 1.0, first=1))


def _scores(scores: Sequence[float | None]) -> NDArray[np.float64] | None:
    return None if any(score is None for score in scores) else np.array(scores, np.float64)
