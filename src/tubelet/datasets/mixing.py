"""Mixup and CutMix on batches of clips, with soft targets.

Zhang et al., mixup, ICLR 2018; Yun et al., CutMix, ICCV 2019. As in VideoMAE's fine-tuning there is one weight for the
whole batch and a clip's partner is its mirror image in the batch (the batch reversed). The CutMix box covers rows and
columns of all frames, and the weight is corrected to the part of the clip that the box really leaves.

`cut_and_paste(..., axes="frames_rows")` repeats what VideoMAE v2's published runs did: an image library's CutMix on
clips, whose box fell on frames and rows while the weight was still computed for rows and columns.
"""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

CutAxes = Literal["rows_columns", "frames_rows"]


class CutBox(NamedTuple):
    """Half-open pixel ranges: rows ``top:bottom``, columns ``left:right``."""

    top: int
    bottom: int
    left: int
    right: int


def soft_targets(labels: Tensor, num_classes: int, weight: float = 1.0, smoothing: float = 0.0) -> Tensor:
    """Targets of a mixed batch: ``weight`` of a clip's own class, the rest of its partner's.

    Args:
        labels: int64 ``(N,)``.
        num_classes: K.
        weight: the share of the clip's own label, 0 to 1.
        smoothing: of this mass, every class gets 1/K.

    Returns:
        float32 ``(N, K)``, rows that sum to 1.
    """
    off = smoothing / num_classes
    smooth = torch.full((len(labels), num_classes), off, device=labels.device)
    smooth.scatter_(1, labels[:, None], 1.0 - smoothing + off)
    return smooth if weight == 1.0 else smooth * weight + smooth.flip(0) * (1.0 - weight)


def mixup(clips: Tensor, weight: float) -> Tensor:
    """``weight`` of each clip plus ``1 - weight`` of its partner, ``(N, C, T, H, W)``."""
    return torch.lerp(clips.flip(0), clips, weight)


def cut_box(height: int, width: int, weight: float, centre: tuple[int, int]) -> tuple[CutBox, float]:
    """The box that CutMix takes from the partner, and the weight of what it leaves.

    Args:
        height: rows of a frame.
        width: columns of a frame.
        weight: the drawn share of the clip itself; the uncut box covers ``1 - weight`` of a frame.
        centre: (row, column) of the box, which is cut at the borders of the frame.

    Returns:
        The box, and the weight corrected to its real area.
    """
    side = math.sqrt(1.0 - weight)
    half_height, half_width = int(height * side) // 2, int(width * side) // 2
    row, column = centre
    box = CutBox(
        top=max(row - half_height, 0),
        bottom=min(row + half_height, height),
        left=max(column - half_width, 0),
        right=min(column + half_width, width),
    )
    return box, 1.0 - (box.bottom - box.top) * (box.right - box.left) / (height * width)


def cut_and_paste(clips: Tensor, box: CutBox, axes: CutAxes = "rows_columns") -> Tensor:
    """Each clip ``(N, C, T, H, W)`` with the box filled from its partner.

    Args:
        clips: the batch; it is not changed.
        box: from `cut_box`.
        axes: what the two ranges of the box cut; "frames_rows" only to repeat VideoMAE v2's runs.
    """
    first, second = slice(box.top, box.bottom), slice(box.left, box.right)
    region = (..., first, second) if axes == "rows_columns" else (..., first, second, slice(None))
    mixed = clips.clone()
    mixed[region] = clips[region].flip(0)
    return mixed


@dataclass(frozen=True)
class Mixing:
    """Mixup or CutMix, one of them for every batch.

    Args:
        num_classes: K.
        mixup_alpha: of the Beta distribution of mixup's weight; 0 turns mixup off.
        cutmix_alpha: the same for CutMix.
        switch_probability: of CutMix, when both are on.
        probability: that a batch is mixed at all.
        smoothing: label smoothing, also of batches that are not mixed.
        cutmix_axes: see `cut_and_paste`.
    """

    num_classes: int
    mixup_alpha: float = 0.8
    cutmix_alpha: float = 1.0
    switch_probability: float = 0.5
    probability: float = 1.0
    smoothing: float = 0.1
    cutmix_axes: CutAxes = "rows_columns"

    def __call__(self, clips: Tensor, labels: Tensor, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Mix a batch.

        Args:
            clips: float ``(N, C, T, H, W)``.
            labels: int64 ``(N,)``.
            generator: all draws come from it.

        Returns:
            The mixed clips and float32 ``(N, K)`` soft targets.
        """
        cut, alpha = self._draw_kind(generator)
        weight = float(generator.beta(alpha, alpha)) if alpha > 0 else 1.0
        if alpha > 0 and cut:
            height, width = clips.shape[-2:]
            centre = int(generator.integers(height)), int(generator.integers(width))
            box, weight = cut_box(height, width, weight, centre)
            clips = cut_and_paste(clips, box, self.cutmix_axes)
        elif alpha > 0:
            clips = mixup(clips, weight)
        return clips, soft_targets(labels, self.num_classes, weight, self.smoothing)

    def _draw_kind(self, generator: np.random.Generator) -> tuple[bool, float]:
        """Whether this batch is cut, and the alpha of its weight (0: it stays as it is)."""
        if generator.random() >= self.probability:
            return False, 0.0
        both = self.mixup_alpha > 0 and self.cutmix_alpha > 0
        cut = generator.random() < self.switch_probability if both else self.cutmix_alpha > 0
        return cut, self.cutmix_alpha if cut else self.mixup_alpha
