"""The folder of a run: its recipe, its log, and its checkpoints, each written whole or not at all.

recipe.yaml                 what the run follows; another recipe in the same folder is an error
log.jsonl                   one line a step: step, epoch, loss, lr; and one an evaluation
checkpoints/step-00000200/  accelerate's state: weights, optimiser, averages
tensorboard/                the same curves
model.safetensors           the weights at the end, for `create_model` and `tubelet recognize`
results.json                the figures at the end
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tubelet.training.recipe import Part, RecipeError, read_recipe, save_recipe


class RunFolder:
    """Opens or makes the folder of a run that follows `recipe`.

    Raises:
        RecipeError: when the folder holds a run of another recipe.

    Args:
        path: of the folder.
        recipe: what the run follows.
        keep: how many checkpoints stay.
    """

    def __init__(self, path: str | os.PathLike[str], recipe: Part, keep: int) -> None:
        self.path = Path(path)
        self.checkpoints = self.path / "checkpoints"
        self.log = self.path / "log.jsonl"
        self.model = self.path / "model.safetensors"
        self.results = self.path / "results.json"
        written = self.path / "recipe.yaml"
        self._recipe, self._written, self._keep = recipe, written, keep
        begun = self.log.exists() or self.latest() is not None
        if begun and written.exists() and read_recipe(type(recipe), written) != recipe:
            raise RecipeError(
                f"{self.path} holds a run of another recipe; choose another --output, or delete that folder."
            )

    def make(self) -> None:
        """Make the folder and write the recipe."""
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        part = self.path / ".recipe.yaml.part"
        save_recipe(self._recipe, part)
        part.replace(self._written)

    def latest(self) -> tuple[int, Path] | None:
        """Step and folder of the newest whole checkpoint."""
        whole = sorted(self.checkpoints.glob("step-*"))
        return (int(whole[-1].name.removeprefix("step-")), whole[-1]) if whole else None

    def checkpoint(self, step: int, save: Callable[[Path], object], main: bool, wait: Callable[[], None]) -> None:
        """Let every process `save` into a temporary folder, which becomes step-N at once when all have done so."""
        part = self.checkpoints / f".part-{step:08d}"
        if main:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
        wait()
        save(part)
        wait()
        if main:
            target = self.checkpoints / f"step-{step:08d}"
            shutil.rmtree(target, ignore_errors=True)
            part.replace(target)
            self._drop_old()
        wait()

    def _drop_old(self) -> None:
        whole = sorted(self.checkpoints.glob("step-*"))
        for old in [*whole[: -self._keep], *self.checkpoints.glob(".part-*")]:
            shutil.rmtree(old)

    def rewind_log(self, step: int) -> None:
        """Cut what a killed run logged after the checkpoint that is now resumed from."""
        if not self.log.exists():
            return
        lines = self.log.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
        part = self.log.with_name(".log.jsonl.part")
        part.write_text("".join(kept), encoding="utf-8")
        part.replace(self.log)

    def append_log(self, record: dict[str, Any]) -> None:
        """Add a line to the log."""
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
