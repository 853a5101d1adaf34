"""Training a recogniser, with mixed batches, an average of the weights, and evaluation on the way."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tubelet.checkpoints import create_model, save_checkpoint
from tubelet.datasets.mixing import Mixing
from tubelet.datasets.samples import Batch
from tubelet.metrics.recognition import RecognitionFigures
from tubelet.training.data import evaluation_data, same_classes, training_data
from tubelet.training.evaluation import evaluate, save_results
from tubelet.training.loop import StepBar, TrainingLoop
from tubelet.training.moving_average import MovingAverage
from tubelet.training.optimiser import adamw
from tubelet.training.recipe import Recipe, RecipeError


@dataclass(frozen=True)
class TrainingResult:
    """What a run came to: the last step's loss, the figures, the weights, and the videos that did not open."""

    steps: int
    loss: float
    figures: RecognitionFigures
    model: Path
    broken: dict[str, str]


def train(recipe: Recipe, output: str | os.PathLike[str], progress: bool = True) -> TrainingResult:
    """Follow a recipe in the folder `output`, from its newest checkpoint if it has one.

    Raises:
        RecipeError: when the recipe cannot be followed: fewer videos than a step takes, another run in the folder.
    """
    return _Run(recipe, output, progress).to_the_end()


class _Run:
    """The state of one run: data, network and loop, and the average of the weights."""

    def __init__(self, recipe: Recipe, output: str | os.PathLike[str], progress: bool) -> None:
        run, optimiser = recipe.run, recipe.optimiser
        if run.parallel == "fsdp2" and run.ema_decay is not None:
            raise RecipeError("run.ema_decay cannot be kept with run.parallel=fsdp2; leave one of them out.")
        self.recipe = recipe
        self.loop = TrainingLoop(recipe, run, optimiser, recipe.data.workers, output, progress)

        torch.manual_seed(run.seed)
        # the architecture first, to know which clip it expects; then the data, which know the classes
        with torch.device("meta"):
            spec = create_model(recipe.model.name, num_classes=1, **recipe.model.overrides).spec
        self.data = training_data(recipe, spec)
        self.validation = evaluation_data(recipe.data.validation, spec)
        same_classes(self.data.classes, self.validation.classes)
        torch.manual_seed(run.seed)
        model = create_model(
            recipe.model.name,
            checkpoint=recipe.model.checkpoint,
            num_classes=len(self.data.classes),
            **recipe.model.overrides,
        )
        self.spec = model.spec
        self.mixing = Mixing(
            num_classes=len(self.data.classes),
            mixup_alpha=recipe.data.augmentation.mixup,
            cutmix_alpha=recipe.data.augmentation.cutmix,
            switch_probability=recipe.data.augmentation.cutmix_probability,
            probability=1.0 if recipe.data.augmentation.enabled else 0.0,
            smoothing=run.label_smoothing,
        )
        self.average = MovingAverage(model, run.ema_decay) if run.ema_decay else None
        groups = adamw(
            model,
            model.config.depth,
            optimiser.layer_decay,
            optimiser.weight_decay,
            optimiser.betas,
            optimiser.embed_scale,
        )
        self.loop.prepare(model, groups, len(self.data))
        if self.average is not None:
            self.average.model.to(self.loop.accelerator.device)
            self.loop.accelerator.register_for_checkpointing(self.average)

    def to_the_end(self) -> TrainingResult:
        """Resume, train, evaluate, export."""
        loop = self.loop
        loss = loop.begin()
        with StepBar(loop, "train") as bar:
            for batches in loop.batches(self.data):
                loss = loop.take_step(batches, self._loss)
                if self.average is not None:
                    self.average.update(loop.accelerator.unwrap_model(loop.model))
                bar.stepped(batches, loss)
                if loop.due(self.recipe.run.evaluate_every) and loop.step < loop.steps:
                    bar.remark(f"top-1 {self._evaluate().top1:.1%}")
                loop.save_when_due()
        return self._finish(loss)

    def _loss(self, batch: Batch, generator: np.random.Generator) -> Tensor:
        """Soft-target cross entropy of a mixed batch; 0 where every video of it was broken."""
        device, model = self.loop.accelerator.device, self.loop.model
        if len(batch) == 0:  # the step still goes through the network, as the other processes wait for it
            side = self.spec.crop
            return 0.0 * model(torch.zeros(1, 3, self.spec.num_frames, side, side, device=device)).sum()
        clips, labels = batch.clips.to(device, non_blocking=True), batch.labels.to(device, non_blocking=True)
        clips, targets = self.mixing(clips, labels, generator)
        return F.cross_entropy(model(clips).float(), targets)

    def _evaluate(self) -> RecognitionFigures:
        recipe, loop = self.recipe, self.loop
        evaluation = evaluate(
            self._trained(), self.validation, recipe.run.batch_size, recipe.data.workers, progress=False
        )
        loop.note_broken(evaluation.broken)
        figures = evaluation.figures
        loop.log({"step": loop.step, "top1": figures.top1, "top5": figures.top5})
        return figures

    def _trained(self) -> nn.Module:
        """The weights that count: the average where there is one."""
        return self.average.model if self.average is not None else self.loop.accelerator.unwrap_model(self.loop.model)

    def _finish(self, loss: float) -> TrainingResult:
        recipe, loop = self.recipe, self.loop
        validation = evaluation_data(recipe.data.validation, self.spec, recipe.run.views)
        evaluation = evaluate(self._trained(), validation, recipe.run.batch_size, recipe.data.workers, loop.show)
        state = loop.accelerator.get_state_dict(loop.model) if self.average is None else None
        if loop.accelerator.is_main_process:
            save_checkpoint(
                loop.folder.model, self._trained(), name=recipe.model.name, classes=self.data.classes, state=state
            )
            save_results(evaluation, self.data.classes, loop.folder.path)
        loop.accelerator.wait_for_everyone()
        loop.accelerator.end_training()  # it dissolves the group: nothing may wait for the others after it
        return TrainingResult(loop.steps, loss, evaluation.figures, loop.folder.model, loop.broken)
