"""What can go wrong between a checkpoint and a model."""

from __future__ import annotations

from collections.abc import Sequence

from tubelet.errors import TubeletError

SHOWN = 8  # names in a message; the exception itself carries all


class CheckpointError(TubeletError):
    """A checkpoint that cannot be read, or that does not fit the model.

    Args:
        message: one sentence for a person.
        missing: tensors of the model that the checkpoint does not have.
        left_over: tensors of the checkpoint that the model has no place for.
        reshaped: tensors that both have, with other shapes: (name, shape in the checkpoint, shape in the model).
    """

    def __init__(
        self,
        message: str,
        missing: Sequence[str] = (),
        left_over: Sequence[str] = (),
        reshaped: Sequence[tuple[str, tuple[int, ...], tuple[int, ...]]] = (),
    ) -> None:
        super().__init__(message)
        self.missing = tuple(missing)
        self.left_over = tuple(left_over)
        self.reshaped = tuple(reshaped)


class CheckpointWarning(UserWarning):
    """A part of the model did not come from the checkpoint as it stands, such as a fresh head."""


def misfit(
    source: str,
    model: str,
    missing: Sequence[str],
    left_over: Sequence[str],
    reshaped: Sequence[tuple[str, tuple[int, ...], tuple[int, ...]]],
    hint: str = "",
) -> CheckpointError:
    """The error that lists everything that does not fit."""
    shapes = [f"{name} is {_size(have)}, not {_size(want)}" for name, have, want in reshaped]
    parts = [
        f"{title} {_some(names)}"
        for title, names in (("missing:", missing), ("left over:", left_over), ("other shapes:", shapes))
        if names
    ]
    return CheckpointError(f"{source} does not fit {model}; {'; '.join(parts)}.{hint}", missing, left_over, reshaped)


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a scalar"


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + rest
