"""Pretraining: a masked objective on videos without labels, on the same loop as fine-tuning.

The loop knows of an objective only what `tubelet.pretraining.objective` names: masks, forward, target, loss. Masks are
drawn on the CPU from (seed, step), so they are the same on every device.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tubelet.checkpoints import create_pretraining_model, save_checkpoint
from tubelet.datasets.samples import Batch, BrokenSample
from tubelet.datasets.shards import shard_videos
from tubelet.datasets.synthetic import SyntheticClips
from tubelet.datasets.unlabelled import UnlabelledVideos
from tubelet.datasets.video_sources import VideoSource, folder_videos, listed_videos
from tubelet.models.spec import ModelSpec
from tubelet.pretraining.videomae import VideoMAEPretraining
from tubelet.training.data import synthetic_clips
from tubelet.training.loop import StepBar, TrainingLoop
from tubelet.training.optimiser import adamw
from tubelet.training.pretraining_recipe import PretrainingRecipe, ShardedData, UnlabelledData
from tubelet.training.recipe import RecipeError, SyntheticData

SHOWN_CLIPS = 4  # reconstructed in TensorBoard
SHOWN_FRAMES = 4  # of each


@dataclass(frozen=True)
class PretrainingResult:
    """What a run came to: the last step's loss, the weights, and the videos that did not open."""

    steps: int
    loss: float
    model: Path
    broken: dict[str, str]


def pretrain(recipe: PretrainingRecipe, output: str | os.PathLike[str], progress: bool = True) -> PretrainingResult:
    """Follow a recipe in the folder `output`, from its newest checkpoint if it has one.

    Raises:
        RecipeError: when the recipe cannot be followed: fewer videos than a step takes, another run in the folder.
    """
    return _Run(recipe, output, progress).to_the_end()


def unlabelled_data(recipe: PretrainingRecipe, spec: ModelSpec) -> UnlabelledVideos | SyntheticClips:
    """The training set for a model that expects `spec`.

    Raises:
        RecipeError: the recipe names no videos.
    """
    data = recipe.data.train
    if isinstance(data, SyntheticData):
        if recipe.data.repeats != 1:
            raise RecipeError(f"data.repeats is {recipe.data.repeats}; a synthetic clip is one view, expected 1.")
        return synthetic_clips(data, spec)
    return UnlabelledVideos(
        _videos(data),
        num_frames=spec.num_frames,
        frame_stride=data.frame_stride or spec.frame_stride,
        crop=spec.crop,
        repeats=recipe.data.repeats,
        seed=recipe.run.seed,
        mean=spec.mean,
        std=spec.std,
    )


def _videos(data: UnlabelledData | ShardedData) -> list[VideoSource]:
    if isinstance(data, ShardedData):
        return shard_videos(data.paths)
    if data.list is not None:
        return listed_videos(data.list, data.root)
    if not data.root:
        raise RecipeError("data.train names no videos; expected a root (a folder or a URL) or a list.")
    videos = folder_videos(data.root)
    if not videos:
        raise RecipeError(f"{data.root} holds no video; expected files such as .mp4, .mkv or .avi.")
    return videos


class _Run:
    """The state of one run: data, objective and loop."""

    def __init__(self, recipe: PretrainingRecipe, output: str | os.PathLike[str], progress: bool) -> None:
        self.recipe, run, optimiser = recipe, recipe.run, recipe.optimiser
        self.loop = TrainingLoop(recipe, run, optimiser, recipe.data.workers, output, progress)
        torch.manual_seed(run.seed)
        model = create_pretraining_model(
            recipe.model.name, checkpoint=recipe.model.checkpoint, **recipe.model.overrides
        )
        self.objective, self.spec = model, model.spec
        self.data = unlabelled_data(recipe, model.spec)
        groups = adamw(
            model, 0, 1.0, optimiser.weight_decay, optimiser.betas, undecayed=model.undecayed
        )  # one rate for all layers
        self.loop.prepare(model, groups, len(self.data))

    def to_the_end(self) -> PretrainingResult:
        """Resume, train, export."""
        loop = self.loop
        loss = loop.begin()
        with StepBar(loop, "pretrain") as bar:
            for batches in loop.batches(self.data):
                loss = loop.take_step(batches, self._loss)
                bar.stepped(batches, loss)
                if loop.due(self.recipe.run.show_every):
                    self._show()
                loop.save_when_due()
        state = loop.accelerator.get_state_dict(loop.model)
        if loop.accelerator.is_main_process:
            save_checkpoint(loop.folder.model, self.objective, name=self.recipe.model.name, state=state)
        loop.accelerator.end_training()
        return PretrainingResult(loop.steps, loss, loop.folder.model, loop.broken)

    def _loss(self, batch: Batch, generator: np.random.Generator) -> Tensor:
        """The objective's loss on a batch; 0 where every video of it was broken."""
        device, model = self.loop.accelerator.device, self.loop.model
        clips = batch.clips.to(device, non_blocking=True)
        weight = 1.0
        if len(batch) == 0:  # the step still goes through the network, as the other processes wait for it
            side = self.spec.crop
            clips, weight = torch.zeros(1, 3, self.spec.num_frames, side, side, device=device), 0.0
        draws = torch.Generator().manual_seed(int(generator.integers(2**63)))
        masks = self.objective.masks(len(clips), draws).to(device)
        target = self.objective.target(clips, masks)
        return weight * self.objective.loss(model(clips, masks), target, masks)

    @torch.no_grad()
    def _show(self) -> None:
        """Reconstructions of the first videos, always with the same masks, in TensorBoard."""
        loop, objective = self.loop, self.objective
        if not isinstance(objective, VideoMAEPretraining) or not loop.accelerator.is_main_process:
            return
        samples = [self.data[index] for index in range(min(SHOWN_CLIPS, len(self.data)))]
        clips = [sample.clip[:1] for sample in samples if not isinstance(sample, BrokenSample)]
        if not clips:
            return
        clip = torch.cat(clips).to(loop.accelerator.device)
        masks = objective.masks(len(clip), torch.Generator().manual_seed(0)).to(clip.device)
        frames = objective.paint(clip, objective(clip, masks), masks).side_by_side()  # (N, T, H, 3 W, 3)
        chosen = torch.linspace(0, frames.shape[1] - 1, SHOWN_FRAMES).long()
        pictures = frames[:, chosen].flatten(1, 2).cpu().numpy()  # (N, frames * H, 3 W, 3)
        board = loop.accelerator.get_tracker("tensorboard")
        board.log_images({"original, masked, reconstructed": pictures}, step=loop.step, dataformats="NHWC")
