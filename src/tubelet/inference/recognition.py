"""From a video file to what happens in it.

A short clip, up to twice as long as what the network sees at once, gets one answer from the paper's test views: clips
spread over its time and crops over its long side, whose softmax is averaged. A longer video gets a timeline: windows
slide over it in one decoding pass, overlapping windows are fused, and neighbouring moments with the same answer become
segments.
"""

import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tubelet.annotations import Label, Video
from tubelet.checkpoints import CheckpointError, CheckpointWarning, create_model, list_models
from tubelet.datasets.transforms import EvaluationTransform, resize_short_side
from tubelet.errors import TubeletError
from tubelet.inference.results import RecognitionResult, Timeline
from tubelet.inference.windows import cut_windows, find_segments
from tubelet.models.spec import RecognitionModel
from tubelet.video import VideoReader, VideoWarning
from tubelet.video.sampling import dense_clips_test, sliding_windows

SHIPPED = "synthetic"  # the weights that come with the package
SHIPPED_MODEL = "videomae_tiny"
SHORT = 2.0  # a video of up to so many clip spans is a clip

Progress = Callable[[int, int], None]


class Recognizer:
    """A model that is ready to be shown videos; make one and call it with each file.

    Args:
        model: a name of `list_models()`, a network with a `spec`, or None for what the checkpoint says it is.
        checkpoint: weights: a file, a folder, a hub id; "synthetic", or neither model nor checkpoint, for the weights
            that come with the package, which know the classes of the synthetic benchmark only.
        classes: names in the order of the logits, where the checkpoint does not carry them.
        top: how many labels a result keeps.
        views: temporal clips x spatial crops (1 or 3); the clips are for short videos only, the crops for all.
        hop: seconds from one sliding window to the next; None is half a window.
        threshold: a moment whose best score is lower belongs to no segment.
        batch_size: views that go through the network at once.
        device: where to run; None takes a GPU when there is one.

    Raises:
        ModelError, CheckpointError: the model cannot be made.
        TubeletError: another argument does not fit.
    """

    def __init__(
        self,
        model: str | RecognitionModel | None = None,
        *,
        checkpoint: str | os.PathLike[str] | None = None,
        classes: Sequence[str] | None = None,
        top: int = 5,
        views: tuple[int, int] = (1, 1),
        hop: float | None = None,
        threshold: float = 0.3,
        batch_size: int = 4,
        device: str | torch.device | None = None,
    ) -> None:
        if checkpoint is None and model in list_models() and model != SHIPPED_MODEL:
            raise TubeletError(
                f"{model} has no weights of its own here; pass a checkpoint: a file, or a hub id such as "
                "MCG-NJU/videomae-base-finetuned-kinetics."
            )
        for name, value in (("top", top), ("clips of the views", views[0]), ("batch_size", batch_size)):
            if value < 1:
                raise TubeletError(f"{name} is {value}; expected at least 1.")
        if hop is not None and not 0 < hop < math.inf:
            raise TubeletError(f"hop is {hop} s; expected more than 0.")
        if not 0 <= threshold <= 1:
            raise TubeletError(f"threshold is {threshold}; expected a score from 0 to 1.")
        self.uses_shipped_weights = not isinstance(model, RecognitionModel) and checkpoint in (None, SHIPPED)
        if isinstance(model, RecognitionModel):
            self.network, self.name = model, type(model).__name__
        else:
            checkpoint = SHIPPED if checkpoint is None else checkpoint
            self.network = _trained_model(model, checkpoint)
            called = SHIPPED_MODEL if self.uses_shipped_weights else model
            self.name = str(checkpoint) if called is None else f"{called} ({checkpoint})"
        self.device = _usable_device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.network.to(self.device).eval()
        self.spec = self.network.spec
        self.classes = _class_names(classes, self.network.classes, self.spec.num_classes)
        self.top, self.views, self.hop, self.threshold, self.batch_size = top, views, hop, threshold, batch_size
        self._transform = EvaluationTransform(self.spec.crop, views[1], self.spec.mean, self.spec.std)
        self._checkpoint = checkpoint

    @property
    def settings(self) -> dict[str, Any]:
        """All that a result depends on beside the video, as plain values."""
        weights = Path(self._checkpoint) if self._checkpoint is not None else None
        changed = weights.stat().st_mtime if weights is not None and weights.exists() else None
        return {
            "model": self.name,
            "weights_changed": changed,
            "classes": list(self.classes) if len(self.classes) <= 20 else len(self.classes),
            "top": self.top,
            "views": list(self.views),
            "hop": self.hop,
            "threshold": self.threshold,
        }

    def __call__(self, path: str | os.PathLike[str], *, progress: Progress | None = None) -> RecognitionResult:
        """Recognise one video.

        Args:
            path: the video file.
            progress: called with (clips done, clips in all).

        Raises:
            VideoError: the file cannot be read. Damage that leaves frames stands in the result's `warnings`.
        """
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", VideoWarning)
            result = self._recognize(path, progress)
        said = tuple(dict.fromkeys(str(one.message) for one in caught if issubclass(one.category, VideoWarning)))
        for other in caught:
            if not issubclass(other.category, VideoWarning):
                warnings.warn_explicit(other.message, other.category, other.filename, other.lineno)
        return replace(result, warnings=said)

    def _recognize(self, path: str | os.PathLike[str], progress: Progress | None) -> RecognitionResult:
        with VideoReader(path) as reader:
            facts = reader.metadata
            size = (facts.width, facts.height, facts.num_frames)
            video = Video(str(path), facts.duration, facts.average_rate, *size)
            num_frames, stride = self.spec.num_frames, self.spec.frame_stride
            if len(reader) <= SHORT * num_frames * stride:
                scores = self._scores_of_clip(reader, progress).mean(axis=0)
                return RecognitionResult(_labelled(video, scores, self.classes, self.top), self.name)
            strides = num_frames // 2 if self.hop is None else round(self.hop * facts.average_rate / stride)
            # a hop of whole strides lets neighbouring windows share their frames
            indices = sliding_windows(len(reader), num_frames, stride, max(1, strides) * stride, cover_end=True)
            scores = self._scores_of_windows(reader, indices, progress)
            starts = reader.timestamps
            ends = np.append(starts[1:], max(facts.duration, starts[-1]))
            windows = np.stack([starts[indices[:, 0]], ends[indices[:, -1]]], axis=1)
        video = _labelled(video, scores.mean(axis=0), self.classes, self.top)
        segments = find_segments(windows, scores, self.classes, threshold=self.threshold)
        kept = np.unique(np.argsort(-scores, axis=1, kind="stable")[:, : self.top])
        timeline = Timeline(windows, scores[:, kept], tuple(self.classes[k] for k in kept))
        return RecognitionResult(replace(video, segments=segments), self.name, timeline)

    def _scores_of_clip(self, reader: VideoReader, progress: Progress | None) -> np.ndarray:
        """Softmax of every test view (V, K)."""
        indices = dense_clips_test(len(reader), self.spec.num_frames, self.spec.frame_stride, self.views[0])
        wanted, positions = np.unique(indices, return_inverse=True)
        frames = reader.frames(wanted)
        clips = (self._transform(frames, clip[None]) for clip in positions.reshape(indices.shape))
        return self._scores(clips, len(indices), progress)

    def _scores_of_windows(self, reader: VideoReader, indices: np.ndarray, progress: Progress | None) -> np.ndarray:
        """Mean softmax over the crops of every window (W, K)."""
        crop = self.spec.crop
        with closing(cut_windows(reader, indices, lambda frame: resize_short_side(frame[None], crop)[0])) as windows:
            scores = self._scores((self._transform(window) for window in windows), len(indices), progress)
        return scores.reshape(-1, self.views[1], scores.shape[1]).mean(axis=1)

    @torch.inference_mode()
    def _scores(self, clips: Iterator[Tensor], total: int, progress: Progress | None) -> np.ndarray:
        """Softmax (V, K) of a stream of clips, each (crops, C, T, H, W), batched as they come."""
        scores: list[Tensor] = [torch.zeros(0, self.spec.num_classes)]
        batch: list[Tensor] = []
        done = 0
        for clip in clips:
            batch.append(clip)
            if sum(map(len, batch)) >= self.batch_size:
                scores.append(self._softmax(batch))
                done += len(batch)
                batch = []
                if progress is not None:
                    progress(done, total)
        if batch:
            scores.append(self._softmax(batch))
        if progress is not None:
            progress(total, total)
        return torch.cat(scores).numpy()

    def _softmax(self, batch: list[Tensor]) -> Tensor:
        logits: Tensor = self.network(torch.cat(batch).to(self.device, non_blocking=True))
        return logits.float().softmax(dim=1).cpu()


def recognize(
    path: str | os.PathLike[str],
    *,
    model: str | RecognitionModel | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    classes: Sequence[str] | None = None,
    top: int = 5,
    views: tuple[int, int] = (1, 1),
    hop: float | None = None,
    threshold: float = 0.3,
    device: str | torch.device | None = None,
) -> RecognitionResult:
    """Recognise what happens in one video; for many videos make a `Recognizer` once.

    The arguments are those of `Recognizer`.

    Example:
        >>> result = tubelet.recognize(
        ...     "dance.mp4", checkpoint="MCG-NJU/videomae-base-finetuned-kinetics"
        ... )  # doctest: +SKIP
        >>> print(result)  # doctest: +SKIP
        >>> result.save("dance.json")  # doctest: +SKIP

    Raises:
        VideoError: the file cannot be read.
        ModelError, CheckpointError: the model cannot be made.
    """
    recognizer = Recognizer(
        model, checkpoint=checkpoint, classes=classes, top=top, views=views, hop=hop, threshold=threshold, device=device
    )
    return recognizer(path)


def _usable_device(device: str | torch.device) -> torch.device:
    try:
        torch.ones(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError):
        raise TubeletError(
            f"the device {device} cannot be used here; expected cpu, or cuda or cuda:N for a GPU."
        ) from None
    return torch.device(device)


def _trained_model(name: str | None, checkpoint: str | os.PathLike[str]) -> RecognitionModel:
    """The model with all of its weights; a part that would start fresh could only guess."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", CheckpointWarning)
        try:
            return create_model(name, checkpoint=checkpoint)
        except CheckpointWarning as warning:
            raise CheckpointError(f"{checkpoint} cannot recognise anything: {warning}") from None


def _class_names(given: Sequence[str] | None, carried: Sequence[str] | None, count: int) -> tuple[str, ...]:
    if given is not None and len(given) != count:
        raise TubeletError(f"{len(given)} class names do not fit a model of {count} classes; expected one each.")
    names = given if given is not None else carried
    return tuple(names) if names is not None else tuple(f"class {k}" for k in range(count))


def _labelled(video: Video, scores: np.ndarray, classes: Sequence[str], top: int) -> Video:
    best = np.argsort(-scores, kind="stable")[:top]
    return replace(video, labels=tuple(Label(classes[k], float(scores[k])) for k in best))
