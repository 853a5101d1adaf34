"""The loop under every training, on accelerate: steps, the schedule, checkpoints, logs.

One step is a pure function of the weights, the recipe and the step's number: samples, augmentations, masks and
stochastic depth are all drawn from (seed, step) or (seed, epoch, index). So a run that is killed resumes to the same
losses, and what a checkpoint must hold is only weights, moments and averages.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import FullyShardedDataParallelPlugin, ProjectConfiguration
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from tubelet.datasets.samples import Batch, BrokenSample, collate
from tubelet.training.optimiser import cosine_schedule
from tubelet.training.order import RunOrder
from tubelet.training.recipe import AdamWPart, LoopPart, Part, RecipeError
from tubelet.training.run_folder import RunFolder

logger = logging.getLogger(__name__)

BatchLoss = Callable[[Batch, np.random.Generator], Tensor]


class TrainingLoop:
    """The state of one run: the step that comes next, and, once they are prepared, network and optimiser.

    Args:
        recipe: what the folder is of.
        run: how to go about it.
        optimiser: rates and clipping.
        workers: processes that decode.
        output: folder of the run.
        progress: show a bar.

    Raises:
        RecipeError: another run in the folder, or processes that form no group.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    steps: int
    steps_per_epoch: int

    def __init__(
        self,
        recipe: Part,
        run: LoopPart,
        optimiser: AdamWPart,
        workers: int,
        output: str | os.PathLike[str],
        progress: bool,
    ) -> None:
        self.run, self._rates, self.workers = run, optimiser, workers
        self.folder = RunFolder(output, recipe, run.keep)
        self.accelerator = accelerator = _accelerator(run, self.folder.path)
        self.show = progress and accelerator.is_main_process
        if accelerator.device.type == "cpu":  # the workers have cores of their own
            torch.set_num_threads(max(1, torch.get_num_threads() - workers))
        if accelerator.is_main_process:
            self.folder.make()
        accelerator.wait_for_everyone()
        self.step, self.clips_read, self.broken = 0, 0, dict[str, str]()

    def prepare(self, model: nn.Module, optimiser: torch.optim.Optimizer, num_videos: int) -> None:
        """Take the network, compiled where the recipe says so, and plan the steps.

        Raises:
            RecipeError: fewer videos than a step takes.
        """
        run, processes = self.run, self.accelerator.num_processes
        videos_a_step = run.batch_size * processes * run.accumulation
        self.steps_per_epoch = num_videos // (run.batch_size * processes) // run.accumulation
        if self.steps_per_epoch == 0:
            raise RecipeError(f"the training set has {num_videos} videos; one step takes {videos_a_step}.")
        self.steps = self.steps_per_epoch * run.epochs
        scale, rates = videos_a_step / 256, self._rates
        self.schedule = cosine_schedule(
            rates.lr * scale,
            rates.min_lr * scale,
            run.epochs,
            self.steps_per_epoch,
            warmup_epochs=rates.warmup_epochs,
        )
        trained = torch.compile(model) if run.compile else model
        self.model, self.optimiser = self.accelerator.prepare(trained, optimiser)

    def begin(self) -> float:
        """Resume from the newest checkpoint, where there is one; gives the last loss of the log, or nan."""
        newest = self.folder.latest()
        if newest is not None:
            self.step, path = newest
            self.accelerator.load_state(str(path))
        if self.accelerator.is_main_process:
            self.folder.rewind_log(self.step)
            if newest is not None:
                logger.info("resuming from step %d of %d", self.step, self.steps)
        self.accelerator.init_trackers("tensorboard")
        return self._last_logged_loss()

    def batches(self, data: Dataset[Any]) -> Iterator[list[Batch]]:
        """The `accumulation` batches of each step that is left."""
        accelerator, run = self.accelerator, self.run
        order = RunOrder(
            len(data),  # type: ignore[arg-type]
            run.batch_size,
            run.seed,
            self.step * run.accumulation,
            self.steps * run.accumulation,
            accelerator.process_index,
            accelerator.num_processes,
        )
        loader = DataLoader(
            data,
            batch_sampler=order,
            collate_fn=collate,
            num_workers=self.workers,
            pin_memory=accelerator.device.type == "cuda",
            prefetch_factor=4 if self.workers else None,
        )
        step: list[Batch] = []
        for batch in loader:
            step.append(batch)
            if len(step) == run.accumulation:
                yield step
                step = []

    def take_step(self, batches: list[Batch], batch_loss: BatchLoss) -> float:
        """One update from `accumulation` batches; the gradient is the mean over their losses.

        Raises:
            RecipeError: a loss that is not finite, or an epoch in which no video could be read.
        """
        lr = float(self.schedule[self.step])
        for group in self.optimiser.param_groups:
            group["lr"] = lr * group["lr_scale"]
        self.model.train()
        rank = self.accelerator.process_index
        torch.manual_seed(hash((self.run.seed, self.step, rank)))
        generator = np.random.default_rng((self.run.seed, self.step, rank))
        total = torch.zeros((), device=self.accelerator.device)
        for number, batch in enumerate(batches):
            self.note_broken(batch.broken)
            self.clips_read += len(batch)
            last = number == len(batches) - 1
            with self.accelerator.autocast(), _synchronised(self.accelerator, self.model, last):
                loss = batch_loss(batch, generator) / len(batches)
                self.accelerator.backward(loss)
            total += loss.detach()
        if self._rates.clip_grad_norm is not None:
            self.accelerator.clip_grad_norm_(self.model.parameters(), self._rates.clip_grad_norm)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.step += 1
        loss_value = float(self.accelerator.reduce(total, reduction="mean"))
        if not math.isfinite(loss_value):
            raise RecipeError(f"the loss is {loss_value} at step {self.step}; a smaller optimiser.lr may help.")
        if self.step % self.steps_per_epoch == 0 and self._nothing_was_read():
            reason = next(iter(self.broken.values()), "")
            raise RecipeError(f"none of the {len(self.broken)} videos of an epoch could be read; the first: {reason}")
        self.log({"step": self.step, "epoch": self.step / self.steps_per_epoch, "loss": loss_value, "lr": lr})
        return loss_value

    def due(self, every: float) -> bool:
        """Whether something that is done every so many epochs is due now; it always is after the last step."""
        return self.step % max(1, round(every * self.steps_per_epoch)) == 0 or self.step == self.steps

    def save_when_due(self) -> None:
        """Write a checkpoint every `save_every` epochs."""
        if self.due(self.run.save_every):
            self.folder.checkpoint(
                self.step,
                lambda part: self.accelerator.save_state(str(part)),
                self.accelerator.is_main_process,
                self.accelerator.wait_for_everyone,
            )

    def log(self, record: dict[str, Any]) -> None:
        """Add a record to the log and to TensorBoard."""
        if self.accelerator.is_main_process:
            self.folder.append_log(record)
        values = {key: value for key, value in record.items() if key != "step"}
        self.accelerator.log(values, step=record["step"])

    def note_broken(self, broken: tuple[BrokenSample, ...]) -> None:
        """Say once of every video that it did not open."""
        for sample in broken:
            if sample.path not in self.broken:
                self.broken[sample.path] = sample.reason
                logger.warning("skipped %s: %s", sample.path, sample.reason)

    def _nothing_was_read(self) -> bool:
        clips = torch.tensor(float(self.clips_read), device=self.accelerator.device)
        return float(self.accelerator.reduce(clips, reduction="sum")) == 0

    def _last_logged_loss(self) -> float:
        if not self.folder.log.exists():
            return math.nan
        losses = [json.loads(line).get("loss") for line in self.folder.log.read_text().splitlines()]
        return next((loss for loss in reversed(losses) if loss is not None), math.nan)


class StepBar(Progress):
    """The progress of a run: steps, loss, speed, and a remark.

    Args:
        loop: whose steps they are.
        task: what it does.
    """

    def __init__(self, loop: TrainingLoop, task: str) -> None:
        super().__init__(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}  {task.fields[remark]}"),
            TimeRemainingColumn(),
            disable=not loop.show,
        )
        self._loop, self._clips, self._begun = loop, 0, time.perf_counter()
        self._task = self.add_task(task, total=loop.steps, completed=loop.step, figures="", remark="")

    def stepped(self, batches: list[Batch], loss: float) -> None:
        """After a step."""
        self._clips += sum(map(len, batches)) * self._loop.accelerator.num_processes
        rate = self._clips / (time.perf_counter() - self._begun)
        self.update(self._task, completed=self._loop.step, figures=f"loss {loss:.3f}  {rate:.1f} clips/s")

    def remark(self, text: str) -> None:
        """Show something else beside the loss."""
        self.update(self._task, remark=text)


def _accelerator(run: LoopPart, folder: Path) -> Accelerator:
    fsdp = None
    if run.parallel == "fsdp2":
        fsdp = FullyShardedDataParallelPlugin(
            fsdp_version=2, auto_wrap_policy="transformer_based_wrap", transformer_cls_names_to_wrap=["Block"]
        )
    started = int(os.environ.get("WORLD_SIZE", "1"))
    accelerator = Accelerator(
        cpu=started > 1 and not torch.cuda.is_available(),  # without the word, processes on the CPU form no group
        mixed_precision=run.precision,
        log_with="tensorboard",
        project_config=ProjectConfiguration(project_dir=str(folder), logging_dir=str(folder)),
        fsdp_plugin=fsdp,
    )
    if accelerator.num_processes != started:  # else each would be a run of its own in the same folder
        raise RecipeError(
            f"{started} processes were started but they form no group; start them with `accelerate launch`."
        )
    return accelerator


def _synchronised(accelerator: Accelerator, model: nn.Module, last: bool) -> Any:
    """Gradients are exchanged between processes only on the last batch of a step."""
    return torch.enable_grad() if last else accelerator.no_sync(model)
