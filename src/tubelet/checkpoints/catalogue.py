"""Every model with its cost, its input and what its authors report: what `tubelet models` shows."""

from __future__ import annotations

from dataclasses import dataclass

from tubelet.checkpoints.create import FAMILIES, list_models
from tubelet.checkpoints.released import Released, released
from tubelet.models.cost import count_cost


@dataclass(frozen=True)
class ModelRow:
    """One line of the table.

    Args:
        name: for `create_model`.
        parameters: learned numbers, with the variant's head.
        multiply_adds: of one clip.
        num_frames: of a clip.
        frame_stride: from one frame of the clip to the next.
        crop: pixels.
        released: the authors' files and figures, the one to show first.
    """

    name: str
    parameters: int
    multiply_adds: int
    num_frames: int
    frame_stride: int
    crop: int
    released: tuple[Released, ...]


def model_table(pattern: str = "*") -> list[ModelRow]:
    """The models whose names match a glob pattern."""
    wanted = set(list_models(pattern))
    rows = []
    for family in FAMILIES:
        for name, config in family.variants.items():
            if name in wanted:
                cost = count_cost(family.model, config)
                clip = config.num_frames, config.frame_stride, config.crop
                rows.append(ModelRow(name, cost.parameters, cost.multiply_adds, *clip, released(name)))
    return rows
