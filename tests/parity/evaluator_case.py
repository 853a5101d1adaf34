"""One case of an evaluator: stored inputs, what the official tool gives for them, and how ours is held against it.

An evaluator's file is `evaluators/<folder of the cases>.py` with one function:

    def run(case: EvaluatorCase) -> list[Figure]

A `Figure` is (name, ours, official) or (name, ours, official, tolerance); a plain tuple will do. `ours` and `official`
are numbers or nested lists or arrays of them, of one shape; None is NaN. `Either([a, b, ...])` as `official` takes any
value between the least and the greatest of the listed results, element by element: what a case gives for the several
orders of equal scores. `by_name(prefix, ours, official, ...)` makes the figures of two dictionaries.

What the case gives: `case["field"]` and `case.get("field")` of its json, `case.arrays` (the npz beside it),
`case.folder` (files beside it), `case.annotations(path)` (a file below data/annotations), `case.recipes` (the generator
beside the cases' folders), `case.checked(value, sha256)` (the value, if it is the one that the case was made with).
Time our own code with `with case.clock():`; its processor seconds are printed. Raise `Skip` where files are absent.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from case import Skip

SHARED = Path(__file__).parents[2].parent / "shared"


@dataclass(frozen=True)
class Either:
    """Several official results of which any is right, and all between them."""

    values: Sequence[Any]


class Figure(NamedTuple):
    """Our value beside the official one (or `Either` of several)."""

    name: str
    ours: Any
    official: Any
    tolerance: float = 1e-9


def by_name(
    prefix: str, ours: Mapping[Any, Any], *official: Mapping[str, Any], tolerance: float = 1e-9
) -> list[Figure]:
    """The figures of every key of the official dictionaries; a key that ours lacks is a failure."""
    mine = {str(key): value for key, value in ours.items()}
    return [
        Figure(f"{prefix}{key}", mine.get(str(key), np.inf), Either([one[key] for one in official]), tolerance)
        for key in official[0]
    ]


class EvaluatorCase:
    """A case as it lies in its files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: dict[str, Any] = read_json(path)
        self.seconds = 0.0

    def __getitem__(self, field: str) -> Any:
        return self.said[field]

    def get(self, field: str, otherwise: Any = None) -> Any:
        """A field that not every case has."""
        return self.said.get(field, otherwise)

    @property
    def name(self) -> str:
        """The file's name without its endings."""
        return self.path.name.removesuffix(".gz").removesuffix(".json")

    @property
    def folder(self) -> Path:
        """Where the case lies."""
        return self.path.parent

    @property
    def variants(self) -> list[Any]:
        """The official result and those with equal scores put in order; not what stands in the field `ties`."""
        others = [name for name in self.said if name.startswith(("official_", "tie_variant_"))]
        return [self.said[name] for name in ("official", *others) if isinstance(self.said[name], dict | list)]

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """The npz beside the case."""
        file = self.folder / f"{self.name}.npz"
        if not file.exists():
            raise Skip(f"{file.name} is absent")
        with np.load(file) as arrays:
            return dict(arrays)

    def sibling(self, name: str) -> EvaluatorCase:
        """Another case of the same folder, for inputs that two cases share."""
        for ending in (".json", ".json.gz"):
            if (self.folder / (name + ending)).exists():
                return EvaluatorCase(self.folder / (name + ending))
        raise Skip(f"the case {name}, whose inputs this one has, is absent")

    def annotations(self, path: str) -> Path:
        """A file of a data set, given below data/annotations."""
        return self._nearby(f"data/annotations/{path}")

    @cached_property
    def recipes(self) -> ModuleType:
        """The generator of synthetic predictions."""
        file = self._nearby("parity/metrics/recipes.py")
        spec = importlib.util.spec_from_file_location("parity_metrics_recipes", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def checked(self, value: Any, sha256: str) -> Any:
        """The value that a recipe gave, if it is the one that the case's results belong to."""
        found = self.recipes.digest(value)
        if found != sha256:
            raise ValueError(f"a recipe gave data with the digest {found}; the case was made with {sha256}")
        return value

    @contextmanager
    def clock(self) -> Iterator[None]:
        """Count the processor time of our own code."""
        start = time.process_time()
        yield
        self.seconds += time.process_time() - start

    def _nearby(self, path: str) -> Path:
        """A file of the shared folder: the one that the case lies in, else the one beside the checkout."""
        name = path.removeprefix("parity/metrics/")
        places = [self.folder.parent / name] if name != path else []
        places += [parent / path for parent in self.path.resolve().parents] + [SHARED / path]
        for place in places:
            if place.exists():
                return place
        raise Skip(f"{path} is absent")


@dataclass(frozen=True)
class Outcome:
    """How far one figure is from the official one, as the greatest difference of an element."""

    name: str
    difference: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether the figure is within its tolerance."""
        return self.difference <= self.tolerance


def compare(figure: Figure) -> Outcome:
    """Hold one figure against the official one; another shape, or NaN on one side only, is infinitely far."""
    name, ours, official, tolerance = Figure(*figure)
    values = official.values if isinstance(official, Either) else [official]
    mine = np.asarray(ours, np.float64)
    theirs = [np.asarray(value, np.float64) for value in values]
    if any(value.shape != mine.shape for value in theirs):
        return Outcome(f"{name} has the shape {mine.shape}, not {theirs[0].shape};", np.inf, tolerance)
    if not mine.size:
        return Outcome(name, 0.0, tolerance)
    low, high = np.fmin.reduce(theirs), np.fmax.reduce(theirs)
    outside = np.maximum(low - mine, mine - high)
    nan_allowed = np.isnan(theirs).any(axis=0)
    difference = np.where(np.isnan(mine), np.where(nan_allowed, 0.0, np.inf), np.where(np.isnan(low), np.inf, outside))
    return Outcome(name, float(np.maximum(difference, 0.0).max()), tolerance)


def read_json(path: Path) -> Any:
    """A json file, compressed or not."""
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
