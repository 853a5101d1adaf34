"""tubelet: human action in video, what, when, where and who."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tubelet.checkpoints import create_model as create_model
    from tubelet.checkpoints import list_models as list_models
    from tubelet.inference import recognize as recognize

__version__ = "0.1.0"

# Imported when first asked for, so that `tubelet --help` does not wait for torch.
_LAZY = {
    "create_model": "tubelet.checkpoints",
    "list_models": "tubelet.checkpoints",
    "recognize": "tubelet.inference",
}

__all__ = ["__version__", *_LAZY]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
