"""Videos without labels, as clips for masked pretraining.

Tong et al., VideoMAE, NeurIPS 2022: a clip at a constant stride from anywhere in the video, one multi-scale crop. A
video is decoded once for all the crops that are taken of its clip (repeated sampling: Feichtenhofer et al., Masked
Autoencoders As Spatiotemporal Learners, NeurIPS 2022; VideoMAE V2 takes four).
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from tubelet.datasets.multiscale_crop import multiscale_crop
from tubelet.datasets.samples import BrokenSample, Sample, SampleKey
from tubelet.datasets.transforms import IMAGENET_MEAN, IMAGENET_STD
from tubelet.datasets.video_sources import SourceError, VideoSource
from tubelet.video import ClipError, VideoError, VideoReader
from tubelet.video.sampling import pretrain_clip_train

NO_LABEL = -1


class UnlabelledVideos(Dataset[Sample | BrokenSample]):
    """Clips of videos; the label of each is `NO_LABEL`.

    Args:
        videos: where they lie.
        num_frames: frames of a clip.
        frame_stride: frames of the video from one frame of the clip to the next.
        crop: side of the clips, pixels.
        repeats: crops of every decoded clip.
        seed: all draws of a sample come from (seed, epoch, index).
        mean: per RGB channel, of pixels in [0, 1].
        std: per RGB channel, of pixels in [0, 1].
    """

    def __init__(
        self,
        videos: Sequence[VideoSource],
        *,
        num_frames: int = 16,
        frame_stride: int = 4,
        crop: int = 224,
        repeats: int = 1,
        seed: int = 0,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        self.videos = tuple(videos)
        self.num_frames, self.frame_stride, self.crop = num_frames, frame_stride, crop
        self.repeats, self.seed = repeats, seed
        self.mean, self.std = tuple(mean), tuple(std)

    def __len__(self) -> int:
        return len(self.videos)

    def __getitem__(self, key: int | SampleKey) -> Sample | BrokenSample:
        """The crops ``(repeats, 3, T, S, S)`` of a video's clip, or why it could not be read.

        Args:
            key: an index (of epoch 0), or an epoch and an index.

        Raises:
            IndexError: when there is no such video.
        """
        epoch, index = SampleKey.of(key)
        if not 0 <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        generator = np.random.default_rng((self.seed, epoch, index))
        video = self.videos[index]
        try:
            with VideoReader(video.open()) as reader:
                numbers = pretrain_clip_train(len(reader), self.num_frames, self.frame_stride, generator)
                frames = reader.frames(numbers)
        except (SourceError, VideoError, ClipError, OSError) as error:
            return BrokenSample(index, video.name, str(error))
        crops = [multiscale_crop(frames, self.crop, generator, self.mean, self.std) for _ in range(self.repeats)]
        return Sample(torch.stack(crops), NO_LABEL, index)
