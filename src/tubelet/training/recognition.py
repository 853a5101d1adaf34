"""Training a recogniser: the loop, on accelerate.

One step is a pure function of the weights, the recipe and the step's number: samples, augmentations, mixing and
stochastic depth are all drawn from (seed, step) or (seed, epoch, index). So a run that is killed resumes to the same
losses, and what a checkpoint must hold is only weights, moments and averages.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import FullyShardedDataParallelPlugin, ProjectConfiguration
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from tubelet.checkpoints import create_model, save_checkpoint
from tubelet.datasets.mixing import Mixing
from tubelet.datasets.samples import Batch, BrokenSample, collate
from tubelet.metrics.recognition import RecognitionFigures
from tubelet.training.data import evaluation_data, same_classes, training_data
from tubelet.training.evaluation import evaluate, save_results
from tubelet.training.moving_average import MovingAverage
from tubelet.training.optimiser import adamw, cosine_schedule
from tubelet.training.order import RunOrder
from tubelet.training.recipe import Recipe, RecipeError
from tubelet.training.run_folder import RunFolder

logger = logging.getLogger(__name__)


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
    return _Run(recipe, RunFolder(output, recipe), progress).to_the_end()


class _Run:
    """The state of one run: model, optimiser, averages, and the step that comes next."""

    def __init__(self, recipe: Recipe, folder: RunFolder, progress: bool) -> None:
        run = recipe.run
        self.recipe, self.folder = recipe, folder
        self.accelerator = accelerator = _accelerator(recipe, folder.path)
        self.show = progress and accelerator.is_main_process
        if accelerator.device.type == "cpu":  # the workers have cores of their own
            torch.set_num_threads(max(1, torch.get_num_threads() - recipe.data.workers))
        if accelerator.is_main_process:
            folder.make()
        accelerator.wait_for_everyone()

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
        videos_a_step = run.batch_size * accelerator.num_processes * run.accumulation
        self.micro_steps_per_epoch = len(self.data) // (run.batch_size * accelerator.num_processes)
        self.steps_per_epoch = self.micro_steps_per_epoch // run.accumulation
        if self.steps_per_epoch == 0:
            raise RecipeError(f"the training set has {len(self.data)} videos; one step takes {videos_a_step}.")
        self.steps = self.steps_per_epoch * run.epochs
        scale = videos_a_step / 256
        optimiser = recipe.optimiser
        self.schedule = cosine_schedule(
            optimiser.lr * scale,
            optimiser.min_lr * scale,
            run.epochs,
            self.steps_per_epoch,
            warmup_epochs=optimiser.warmup_epochs,
        )
        self.average = MovingAverage(model, run.ema_decay) if run.ema_decay else None
        groups = adamw(model, model.config.depth, optimiser.layer_decay, optimiser.weight_decay, optimiser.betas)
        trained = torch.compile(model) if run.compile else model
        self.model, self.optimiser = accelerator.prepare(trained, groups)
        if self.average is not None:
            self.average.model.to(accelerator.device)
            accelerator.register_for_checkpointing(self.average)
        self.step, self.broken = 0, dict[str, str]()

    def to_the_end(self) -> TrainingResult:
        """Resume, train, evaluate, export."""
        self._resume()
        self.accelerator.init_trackers("tensorboard")
        loss = self._last_logged_loss()
        due = _Due(self.recipe.run.evaluate_every, self.steps_per_epoch, self.steps)
        save_due = _Due(self.recipe.run.save_every, self.steps_per_epoch, self.steps)
        with self._progress() as bar:
            task = bar.add_task("train", total=self.steps, completed=self.step, loss=math.nan, rate=0.0, top1="")
            start, begun = time.perf_counter(), self.step
            for batches in self._batches():
                loss = self._take_step(batches)
                videos = (self.step - begun) * sum(map(len, batches)) * self.accelerator.num_processes
                bar.update(task, completed=self.step, loss=loss, rate=videos / (time.perf_counter() - start))
                if due(self.step) and self.step < self.steps:
                    figures = self._evaluate()
                    bar.update(task, top1=f"top-1 {figures.top1:.1%}")
                if save_due(self.step):
                    self._save()
        self.accelerator.end_training()
        return self._finish(loss)

    def _take_step(self, batches: list[Batch]) -> float:
        """One update from `accumulation` batches; the gradient is the mean over their videos' losses."""
        lr = float(self.schedule[self.step])
        for group in self.optimiser.param_groups:
            group["lr"] = lr * group["lr_scale"]
        self.model.train()
        rank = self.accelerator.process_index
        torch.manual_seed(hash((self.recipe.run.seed, self.step, rank)))
        generator = np.random.default_rng((self.recipe.run.seed, self.step, rank))
        total = torch.zeros((), device=self.accelerator.device)
        for number, batch in enumerate(batches):
            last = number == len(batches) - 1
            with self.accelerator.autocast(), _synchronised(self.accelerator, self.model, last):
                loss = self._loss(batch, generator) / len(batches)
                self.accelerator.backward(loss)
            total += loss.detach()
        if self.recipe.optimiser.clip_grad_norm is not None:
            self.accelerator.clip_grad_norm_(self.model.parameters(), self.recipe.optimiser.clip_grad_norm)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.step += 1
        if self.average is not None:
            self.average.update(self.accelerator.unwrap_model(self.model))
        loss_value = float(self.accelerator.reduce(total, reduction="mean"))
        if not math.isfinite(loss_value):
            raise RecipeError(f"the loss is {loss_value} at step {self.step}; a smaller optimiser.lr may help.")
        self._log({"step": self.step, "epoch": self.step / self.steps_per_epoch, "loss": loss_value, "lr": lr})
        return loss_value

    def _loss(self, batch: Batch, generator: np.random.Generator) -> Tensor:
        """Soft-target cross entropy of a mixed batch; 0 where every video of it was broken."""
        self._note_broken(batch.broken)
        device = self.accelerator.device
        if len(batch) == 0:  # the step still goes through the network, as the other processes wait for it
            side = self.spec.crop
            return 0.0 * self.model(torch.zeros(1, 3, self.spec.num_frames, side, side, device=device)).sum()
        clips, labels = batch.clips.to(device, non_blocking=True), batch.labels.to(device, non_blocking=True)
        clips, targets = self.mixing(clips, labels, generator)
        return F.cross_entropy(self.model(clips).float(), targets)

    def _batches(self) -> Iterator[list[Batch]]:
        """The batches of each step that is left."""
        accelerator, run = self.accelerator, self.recipe.run
        order = RunOrder(
            len(self.data),
            run.batch_size,
            run.seed,
            self.step * run.accumulation,
            self.steps * run.accumulation,
            accelerator.process_index,
            accelerator.num_processes,
        )
        workers = self.recipe.data.workers
        loader = DataLoader(
            self.data,
            batch_sampler=order,
            collate_fn=collate,
            num_workers=workers,
            pin_memory=accelerator.device.type == "cuda",
            prefetch_factor=4 if workers else None,
        )
        step: list[Batch] = []
        for batch in loader:
            step.append(batch)
            if len(step) == run.accumulation:
                yield step
                step = []

    def _evaluate(self) -> RecognitionFigures:
        evaluation = evaluate(
            self._trained(), self.validation, self.recipe.run.batch_size, self.recipe.data.workers, progress=False
        )
        self._note_broken(evaluation.broken)
        figures = evaluation.figures
        self._log({"step": self.step, "top1": figures.top1, "top5": figures.top5})
        return figures

    def _trained(self) -> nn.Module:
        """The weights that count: the average where there is one."""
        return self.average.model if self.average is not None else self.accelerator.unwrap_model(self.model)

    def _finish(self, loss: float) -> TrainingResult:
        validation = evaluation_data(self.recipe.data.validation, self.spec, self.recipe.run.views)
        evaluation = evaluate(
            self._trained(), validation, self.recipe.run.batch_size, self.recipe.data.workers, self.show
        )
        state = self.accelerator.get_state_dict(self.model) if self.average is None else None
        if self.accelerator.is_main_process:
            model = self._trained()
            save_checkpoint(
                self.folder.model, model, name=self.recipe.model.name, classes=self.data.classes, state=state
            )
            save_results(evaluation, self.data.classes, self.folder.path)
        self.accelerator.wait_for_everyone()
        return TrainingResult(self.steps, loss, evaluation.figures, self.folder.model, self.broken)

    def _resume(self) -> None:
        newest = self.folder.latest()
        if newest is None:
            self.folder.rewind_log(0)
            return
        self.step, path = newest
        self.accelerator.load_state(str(path))
        if self.accelerator.is_main_process:
            self.folder.rewind_log(self.step)
            logger.info("resuming from step %d of %d", self.step, self.steps)

    def _save(self) -> None:
        self.folder.checkpoint(
            self.step,
            lambda part: self.accelerator.save_state(str(part)),
            self.accelerator.is_main_process,
            self.accelerator.wait_for_everyone,
        )

    def _log(self, record: dict[str, Any]) -> None:
        if self.accelerator.is_main_process:
            self.folder.append_log(record)
        values = {key: value for key, value in record.items() if key != "step"}
        self.accelerator.log(values, step=record["step"])

    def _last_logged_loss(self) -> float:
        if not self.folder.log.exists():
            return math.nan
        losses = [json.loads(line).get("loss") for line in self.folder.log.read_text().splitlines()]
        return next((loss for loss in reversed(losses) if loss is not None), math.nan)

    def _note_broken(self, broken: tuple[BrokenSample, ...]) -> None:
        for sample in broken:
            if sample.path not in self.broken:
                self.broken[sample.path] = sample.reason
                logger.warning("skipped %s: %s", sample.path, sample.reason)

    def _progress(self) -> Progress:
        return Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.3f}  {task.fields[rate]:.1f} clips/s  {task.fields[top1]}"),
            TimeRemainingColumn(),
            disable=not self.show,
        )


class _Due:
    """Whether something that is done every so many epochs is due after a step; it always is after the last."""

    def __init__(self, every: float, steps_per_epoch: int, steps: int) -> None:
        self.every, self.steps = max(1, round(every * steps_per_epoch)), steps

    def __call__(self, step: int) -> bool:
        return step % self.every == 0 or step == self.steps


def _accelerator(recipe: Recipe, folder: Path) -> Accelerator:
    fsdp = None
    if recipe.run.parallel == "fsdp2":
        if recipe.run.ema_decay is not None:
            raise RecipeError("run.ema_decay cannot be kept with run.parallel=fsdp2; leave one of them out.")
        fsdp = FullyShardedDataParallelPlugin(
            fsdp_version=2, auto_wrap_policy="transformer_based_wrap", transformer_cls_names_to_wrap=["Block"]
        )
    accelerator = Accelerator(
        mixed_precision=recipe.run.precision,
        log_with="tensorboard",
        project_config=ProjectConfiguration(project_dir=str(folder), logging_dir=str(folder)),
        fsdp_plugin=fsdp,
    )
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if accelerator.num_processes != started:  # else each would be a run of its own in the same folder
        raise RecipeError(
            f"{started} processes were started but they form no group; start them with `accelerate launch` on GPUs."
        )
    return accelerator


def _synchronised(accelerator: Accelerator, model: nn.Module, last: bool) -> Any:
    """Gradients are exchanged between processes only on the last batch of a step."""
    return torch.enable_grad() if last else accelerator.no_sync(model)
