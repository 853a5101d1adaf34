"""What a data set gives and what a model's step takes.

A data set is indexed by an ``int`` or by a :class:`SampleKey`, which adds the epoch: all randomness of a sample comes
from (seed, epoch, index) alone, so a run resumes bit for bit with any number of workers. A video that cannot be read
becomes a :class:`BrokenSample`, so that one bad file is counted and reported in place of stopping the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


class SampleKey(NamedTuple):
    """Which sample of which epoch; a plain ``int`` index stands for epoch 0."""

    epoch: int
    index: int  # type: ignore[assignment]  # tuple.index gives way to the sample's index

    @classmethod
    def of(cls, key: "int | SampleKey") -> "SampleKey":
        """The key itself, or ``SampleKey(0, key)`` for a plain index."""
        return key if isinstance(key, SampleKey) else cls(0, int(key))


@dataclass(frozen=True)
class Sample:
    """A video's views and its class.

    Attributes:
        clip: float32 ``(V, C, T, H, W)`` normalised RGB.
        label: class of the video, or ``(V,)`` where each view has its own (a view that shows it backwards, say).
        index: of the video in the data set.
    """

    clip: Tensor
    label: int | Tensor
    index: int


@dataclass(frozen=True)
class BrokenSample:
    """A video that could not be read: its index in the data set, its path, and the reason in one sentence."""

    index: int
    path: str
    reason: str


@dataclass(frozen=True)
class Batch:
    """Samples side by side; the views of a video are rows of their own that share its index.

    Attributes:
        clips: float32 ``(N, C, T, H, W)``; ``(0, 3, 0, 0, 0)`` when every sample was broken.
        labels: int64 ``(N,)``.
        indices: int64 ``(N,)``, the sample's index in the data set.
        broken: the samples that could not be read.
    """

    clips: Tensor
    labels: Tensor
    indices: Tensor
    broken: tuple[BrokenSample, ...] = ()

    def __len__(self) -> int:
        return self.clips.shape[0]


def collate(samples: Sequence[Sample | BrokenSample]) -> Batch:
    """Join samples to a batch: the views of each video are flattened into rows, broken samples are kept apart.

    Args:
        samples: what the data set gave; their clips share ``(C, T, H, W)``, the number of views may differ.

    Raises:
        RuntimeError: from ``torch.cat``, when the clips differ in ``(C, T, H, W)``.
    """
    good = [sample for sample in samples if isinstance(sample, Sample)]
    broken = tuple(sample for sample in samples if isinstance(sample, BrokenSample))
    views = torch.tensor([sample.clip.shape[0] for sample in good], dtype=torch.int64)
    labels = [torch.as_tensor(sample.label).expand(len(sample.clip)) for sample in good]
    indices = torch.tensor([sample.index for sample in good], dtype=torch.int64)
    clips = torch.cat([sample.clip for sample in good]) if good else torch.empty(0, 3, 0, 0, 0)  # (N, C, T, H, W)
    joined = torch.cat(labels) if good else torch.empty(0, dtype=torch.int64)
    return Batch(clips, joined, indices.repeat_interleave(views), broken)
