"""The sixteen symmetries of the synthetic clips: mirrored, turned, and shown backwards, each with its own class.

A clip that is mirrored left to right shows a motion to the right where there was one to the left, and one that runs
backwards shows a body that shrinks where it grew. Views of one clip that differ in nothing but the motion are the
hardest to tell apart by anything else: shown in one batch, they teach motion soonest.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tubelet.datasets.synthetic.actors import CLASSES, MOTIONS, Channel

NUM_SYMMETRIES = 16


def symmetric_views(clip: Tensor, label: int, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """``count`` views of a square clip under symmetries drawn at random, half of them backwards.

    Args:
        clip: ``(C, T, S, S)``.
        label: its class.
        count: views, 1 to 16; of an even number each mirroring comes forwards and backwards.
        rng: where the draws come from.

    Returns:
        Views ``(count, C, T, S, S)`` and their classes ``(count,)``.
    """
    mirrorings = rng.permutation(8)
    first = int(rng.integers(2))
    views, labels = [], []
    for number in range(count):
        mirroring, backwards = int(mirrorings[number // 2]), (number + first) % 2 == 1
        across, down, swapped = (bool(mirroring >> bit & 1) for bit in range(3))
        view = clip.flip([axis for axis, flips in ((1, backwards), (2, down), (3, across)) if flips])
        views.append(view.transpose(2, 3) if swapped else view)
        labels.append(_class(label, across, down, swapped, backwards))
    return torch.stack(views), torch.tensor(labels)


def _class(label: int, across: bool, down: bool, swapped: bool, backwards: bool) -> int:
    """The class after flipping columns, flipping rows, swapping them and reversing the frames, in this order."""
    channel, sign = MOTIONS[CLASSES[label]]
    if channel in ("angle", "orbit"):
        reverses = across ^ down ^ swapped ^ backwards
    else:
        reverses = backwards ^ (channel == "x" and across) ^ (channel == "y" and down)
    exchanged: dict[Channel, Channel] = {"x": "y", "y": "x"} if swapped else {}
    moved = (exchanged.get(channel, channel), -sign if reverses else sign)
    # blinking backwards is blinking
    return next(
        n for n, name in enumerate(CLASSES) if MOTIONS[name] == (moved if channel != "opacity" else MOTIONS["blink"])
    )
