"""Evaluating a recogniser on a data set, with the scores of a video's views averaged as the papers do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from torch import nn
from torch.utils.data import DataLoader

from tubelet.datasets.samples import Batch, BrokenSample, SampleKey, collate
from tubelet.errors import TubeletError
from tubelet.metrics.recognition import RecognitionFigures, recognition_figures
from tubelet.training.data import LabelledClips

Fusion = Literal["probabilities", "logits"]


@dataclass(frozen=True)
class Evaluation:
    """Figures, the scores (N, K), labels (N,) and data set indices (N,) behind them, and what did not open."""

    figures: RecognitionFigures
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    indices: NDArray[np.int64]
    broken: tuple[BrokenSample, ...]


@torch.inference_mode()
def evaluate(
    model: nn.Module,
    data: LabelledClips,
    batch_size: int,
    workers: int = 0,
    progress: bool = True,
    fusion: Fusion = "probabilities",
) -> Evaluation:
    """Score every video once.

    Args:
        model: gives (N, K) logits for (N, C, T, H, W) clips.
        data: its samples hold all the views of a video.
        batch_size: clips that go through the model at once.
        workers: processes that decode.
        progress: show a bar.
        fusion: mean over the views of the softmax (VideoMAE, Video Swin), or of the logits (TAM, TimeSformer, ViViT).

    Raises:
        TubeletError: when not one video could be read.
    """
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    keys = [[SampleKey(0, index)] for index in range(len(data))]
    loader = DataLoader(data, batch_sampler=keys, collate_fn=collate, num_workers=workers)
    broken: list[BrokenSample] = []
    scores, labels, indices = [], [], []
    videos = track(loader, "evaluate", total=len(keys), disable=not progress)
    for clips, views, group in _filled(videos, batch_size, broken):
        logits = torch.cat([model(part.to(device)).float().cpu() for part in clips.split(batch_size)])
        each = logits.softmax(dim=1) if fusion == "probabilities" else logits
        scores += [part.mean(dim=0).numpy() for part in each.split(views)]
        labels += [label for label, _ in group]
        indices += [index for _, index in group]
    model.train(was_training)
    if not scores:
        raise TubeletError(f"none of the {len(data)} videos could be read; the first: {broken[0].reason}")
    stacked = np.stack(scores)
    truth = np.array(labels, np.int64)
    return Evaluation(recognition_figures(stacked, truth), stacked, truth, np.array(indices, np.int64), tuple(broken))


def _filled(
    videos: Iterable[Batch], batch_size: int, broken: list[BrokenSample]
) -> Iterator[tuple[torch.Tensor, list[int], list[tuple[int, int]]]]:
    """Join single videos to at least `batch_size` clips: clips, views of each video, (label, index) of each."""
    clips: list[torch.Tensor] = []
    group: list[tuple[int, int]] = []
    for batch in videos:
        broken += batch.broken
        if len(batch):
            clips.append(batch.clips)
            group.append((int(batch.labels[0]), int(batch.indices[0])))
        if sum(map(len, clips)) >= batch_size:
            yield torch.cat(clips), [len(views) for views in clips], group
            clips, group = [], []
    if clips:
        yield torch.cat(clips), [len(views) for views in clips], group


def save_results(evaluation: Evaluation, classes: Sequence[str], folder: str | os.PathLike[str]) -> Path:
    """Write results.json: the figures, the accuracy of each class, the confusion counts, and what did not open."""
    figures = evaluation.figures
    videos = figures.confusion.sum(axis=1)
    content = {
        "top1": figures.top1,
        "top5": figures.top5,
        "mean_class_accuracy": figures.mean_class_accuracy,
        "num_videos": figures.num_videos,
        "classes": {
            name: {"videos": int(videos[i]), "right": int(figures.confusion[i, i])} for i, name in enumerate(classes)
        },
        "confusion": figures.confusion.tolist(),
        "broken": {sample.path: sample.reason for sample in evaluation.broken},
    }
    path = Path(folder) / "results.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(".results.json.part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
    return path
