"""Recorded numbers of the authors' code (tests/parity/cases) and the inputs that they were computed from."""

import importlib.util
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

PARITY = Path(__file__).parents[1] / "parity"


def _load_fill() -> Any:
    spec = importlib.util.spec_from_file_location("parity_fill", PARITY / "fill.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class ParityCase:
    system: str
    name: str

    @cached_property
    def description(self) -> dict[str, Any]:
        return json.loads((PARITY / "cases" / self.system / f"{self.name}.json").read_text())

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        return dict(np.load(PARITY / "cases" / self.system / f"{self.name}.npz"))

    def input(self, name: str) -> np.ndarray:
        given = self.description["inputs"][name]
        if given.get("stored"):
            return self.arrays[f"in:{name}"]
        values = _load_fill().tensor(f"input:{name}", tuple(given["shape"]), given["kind"])
        if "convert" in given:  # every one of these cases: uint8 = clip(floor((v + 2) * 64), 0, 255)
            return np.clip(np.floor((values + 2) * 64), 0, 255).astype(np.uint8)
        return values

    def relative_error(self, name: str, values: Any) -> float:
        """``max|a - b| / max|b|`` over the values that the case keeps."""
        recorded = self.arrays[f"out:{name}"].astype(np.float64)
        got = np.asarray(values, np.float64)
        assert list(got.shape) == self.description["outputs"][name]["shape"]
        got = got.ravel()[:: self.description["outputs"][name].get("stride", 1)].reshape(recorded.shape)
        return float(np.abs(got - recorded).max() / np.abs(recorded).max())
