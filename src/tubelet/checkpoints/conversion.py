"""What a family's key table makes of a checkpoint, before it meets a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Converted:
    """Tensors under our names.

    Args:
        tensors: our name to tensor; a name that the table does not know stays as it is.
        fresh: modules that this kind of checkpoint never holds, so that they start from their initial values.
        facts: choices of the architecture that the checkpoint states and its shapes do not show, by config field.
    """

    tensors: dict[str, Tensor]
    fresh: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
