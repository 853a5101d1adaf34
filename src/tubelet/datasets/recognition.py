"""Videos with one label each, as samples for training and testing.

A video is decoded once for everything that is made of it: the frames that its test views share, and the copies of
repeated augmentation (Hoffer et al., 2020; VideoMAE takes two), which differ in their augmentation only.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from tubelet.annotations import AnnotationError, VideoSet
from tubelet.datasets.clip_sampling import ClipSampling
from tubelet.datasets.samples import BrokenSample, Sample, SampleKey
from tubelet.datasets.transforms import ClipTransform
from tubelet.errors import TubeletError
from tubelet.video import ClipError, VideoError, VideoReader


class RecognitionDataset(Dataset[Sample | BrokenSample]):
    """Clips of videos and the class of each.

    Args:
        videos: each with exactly one label.
        root: folder that the paths of the videos are relative to; None for the working directory.
        sampling: from a video's number of frames to frame indices ``(clips, T)``.
        transform: from frames to float32 views ``(V, C, T, H, W)``.
        repeats: how often every video is augmented anew.
        seed: all draws of a sample come from (seed, epoch, index).
        mirrored: what a class becomes when its video is mirrored. With it, half of the videos of these classes are
            mirrored, with their label; the others never are, and ``transform`` must not flip by itself.
        short_side: of the decoded frames, pixels; None for the size of the video. Saves time where the transform makes
            the frames smaller anyway, but is not to the last bit what the papers do.

    Raises:
        AnnotationError: when a video has no label or several, or one that is not among the classes.
        TubeletError: when both ``mirrored`` and the transform would flip, or ``repeats`` is below 1.
    """

    def __init__(
        self,
        videos: VideoSet,
        root: str | os.PathLike[str] | None = None,
        *,
        sampling: ClipSampling,
        transform: ClipTransform,
        repeats: int = 1,
        seed: int = 0,
        mirrored: Mapping[str, str] | None = None,
        short_side: int | None = None,
    ) -> None:
        if repeats < 1:
            raise TubeletError(f"repeats is {repeats}; expected at least 1.")
        if mirrored and getattr(transform, "flip_probability", 0.0) > 0:
            raise TubeletError("mirrored classes were given to a transform that flips; expected flip_probability=0.")
        for video in videos:
            if len(video.labels) != 1:
                raise AnnotationError(f"{video.path} has {len(video.labels)} labels; expected exactly one.")
        self.classes = videos.classes
        self.paths = tuple(str(Path(root or "") / video.path) for video in videos)
        self.labels = np.array([videos.class_index(video.labels[0].name) for video in videos], np.int64)
        self.sampling = sampling
        self.transform = transform
        self.repeats = repeats
        self.seed = seed
        self.short_side = short_side
        self._mirrored = {videos.class_index(a): videos.class_index(b) for a, b in (mirrored or {}).items()}

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, key: int | SampleKey) -> Sample | BrokenSample:
        """The views of a video, or why it could not be read.

        Args:
            key: an index (of epoch 0), or an epoch and an index.

        Raises:
            IndexError: when there is no such video.
        """
        epoch, index = SampleKey.of(key)
        if not 0 <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        generator = np.random.default_rng((self.seed, epoch, index))
        path = self.paths[index]
        try:
            with VideoReader(path, short_side=self.short_side) as reader:
                clips = self._clips(reader, index, generator)
                needed, positions = np.unique(clips, return_inverse=True)
                frames = reader.frames(needed)
        except (VideoError, ClipError, OSError) as error:
            return BrokenSample(index, path, str(error))
        label = int(self.labels[index])
        if label in self._mirrored and generator.random() < 0.5:
            label, frames = self._mirrored[label], np.ascontiguousarray(frames[:, :, ::-1])
        positions = positions.reshape(clips.shape)
        views = [self.transform(frames, positions, generator) for _ in range(self.repeats)]
        return Sample(torch.cat(views), label, index)

    def _clips(self, reader: VideoReader, index: int, generator: np.random.Generator) -> NDArray[np.int64]:
        """Frame indices ``(clips, T)`` from the whole of a video."""
        return self.sampling(len(reader), generator)
