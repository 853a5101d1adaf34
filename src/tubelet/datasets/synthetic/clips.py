"""Synthetic clips for training and evaluation, rendered in memory when they are asked for."""

from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from tubelet.datasets.samples import Sample, SampleKey
from tubelet.datasets.synthetic.actors import CLASSES
from tubelet.datasets.synthetic.sampling import SPLITS, SyntheticError, clip_scene
from tubelet.datasets.synthetic.symmetries import NUM_SYMMETRIES, symmetric_views

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def render_clip(
    split: str, index: int, difficulty: str = "medium", clip_frames: int = 16, size: int = 64, seed: int = 0
) -> tuple[NDArray[np.uint8], int]:
    """A clip as a video reader would give it, uint8 ``(T, H, W, 3)``, and its label; arguments as `clip_scene`."""
    scene, label = clip_scene(split, index, difficulty, num_frames=clip_frames, size=size, seed=seed)
    return scene.render(), label


class SyntheticClips(Dataset[Sample]):
    """A data set of synthetic clips: clip ``n`` of a split is one fixed scene, the classes take turns.

    Args:
        split: "train", "val" or "test".
        num_clips: length of the data set.
        difficulty: "easy", "medium" or "hard".
        clip_frames: T.
        size: H and W.
        seed: of the benchmark; another seed gives other scenes.
        mean: of the normalisation, RGB in [0, 1]; ImageNet's as the models expect it.
        std: see ``mean``.
        fresh: show scenes never seen before in each epoch (indexed by a `SampleKey`) in place of the same ones.
        symmetries: views of each clip, mirrored, turned and backwards, each with its own class; 1 is the clip as it is.

    Samples are ``(symmetries, 3, T, H, W)`` float32. Indices are those of sequences; beyond the end is an `IndexError`.

    Raises:
        SyntheticError: for a split or difficulty that does not exist, or sizes below 1.
    """

    classes: tuple[str, ...] = CLASSES

    def __init__(
        self,
        split: str,
        num_clips: int,
        difficulty: str = "medium",
        clip_frames: int = 16,
        size: int = 64,
        seed: int = 0,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
        fresh: bool = False,
        symmetries: int = 1,
    ) -> None:
        if num_clips < 1 or size < 1:
            raise SyntheticError(f"a synthetic data set cannot have {num_clips} clips of {size} pixels; expected >= 1.")
        if not 1 <= symmetries <= NUM_SYMMETRIES:
            raise SyntheticError(
                f"a clip cannot be shown under {symmetries} symmetries; expected 1 to {NUM_SYMMETRIES}."
            )
        self.symmetries = symmetries
        clip_scene(split, 0, difficulty, num_frames=clip_frames, size=size, seed=seed)  # a wrong name is told here
        self.split, self.num_clips, self.difficulty, self.fresh = split, num_clips, difficulty, fresh
        self.clip_frames, self.size, self.seed = clip_frames, size, seed
        scale = 1 / (255 * np.array(std, np.float32))
        self._scale = torch.from_numpy(scale)[:, None, None, None]
        self._shift = torch.tensor([-m / s for m, s in zip(mean, std, strict=True)], dtype=torch.float32)[
            :, None, None, None
        ]

    def __len__(self) -> int:
        return self.num_clips

    def __getitem__(self, key: SupportsIndex | SampleKey) -> Sample:
        epoch, index = key if isinstance(key, SampleKey) else SampleKey(0, int(key))
        if not -self.num_clips <= index < self.num_clips:
            raise IndexError(f"clip {index} of {self.num_clips}")
        index %= self.num_clips
        number = epoch * self.num_clips + index if self.fresh else index
        scene, label = clip_scene(
            self.split, number, self.difficulty, num_frames=self.clip_frames, size=self.size, seed=self.seed
        )
        planes = torch.from_numpy(scene.render_planes())  # (3, T, H, W)
        clip: Tensor = torch.addcmul(self._shift, planes.float(), self._scale)
        if self.symmetries == 1:
            return Sample(clip[None], label, index)
        rng = np.random.default_rng((self.seed, SPLITS.index(self.split), number))
        return Sample(*symmetric_views(clip, label, self.symmetries, rng), index)
