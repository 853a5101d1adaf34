"""From the data sections of a recipe to data sets."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from tubelet.annotations import VideoSet
from tubelet.annotations.class_folders import read_class_folders
from tubelet.annotations.hmdb51 import read_hmdb51
from tubelet.annotations.kinetics import read_kinetics
from tubelet.annotations.something_something import read_something_something
from tubelet.annotations.ucf101 import read_ucf101
from tubelet.annotations.video_files import MissingVideosWarning, find_videos
from tubelet.annotations.video_list import read_video_list
from tubelet.datasets.annotated_videos import AnnotatedVideos, read_annotated
from tubelet.datasets.clip_sampling import Mode, clip_sampling
from tubelet.datasets.rand_augment import RandAugment
from tubelet.datasets.recognition import RecognitionDataset
from tubelet.datasets.synthetic import SyntheticClips
from tubelet.datasets.transforms import EvaluationTransform, TrainTransform
from tubelet.models.spec import ModelSpec
from tubelet.training.recipe import AnnotatedData, AugmentationPart, Recipe, RecipeError, SyntheticData, VideoData

LabelledClips = SyntheticClips | RecognitionDataset  # samples of single-label videos, and the names of the classes


def training_data(recipe: Recipe, spec: ModelSpec) -> LabelledClips:
    """The training set, augmented as the recipe says, for a model that expects `spec`."""
    data, augmentation = recipe.data.train, recipe.data.augmentation
    if isinstance(data, SyntheticData):
        return synthetic_clips(data, spec)
    if not augmentation.enabled:
        return _videos(data, spec, "train", EvaluationTransform(spec.crop, 1, spec.mean, spec.std))
    transform = TrainTransform(
        crop=spec.crop,
        rand_augment=RandAugment() if augmentation.rand_augment else None,
        flip_probability=augmentation.flip,
        erasing_probability=augmentation.erasing,
        mean=spec.mean,
        std=spec.std,
    )
    return _videos(data, spec, "train", transform, augmentation, recipe.run.seed)


def evaluation_data(
    data: SyntheticData | VideoData | AnnotatedData, spec: ModelSpec, views: tuple[int, int] = (1, 1)
) -> LabelledClips:
    """A set to measure on, with `views` temporal clips x crops of each video; one clip is the centred one."""
    if isinstance(data, SyntheticData):
        if views != (1, 1):
            raise RecipeError(f"run.views is {views}; a synthetic clip is one view, expected (1, 1).")
        return synthetic_clips(data, spec)
    num_clips, num_crops = views
    transform = EvaluationTransform(spec.crop, num_crops, spec.mean, spec.std)
    return _videos(data, spec, "validation" if num_clips == 1 else "test", transform, num_clips=num_clips)


def synthetic_clips(data: SyntheticData, spec: ModelSpec) -> SyntheticClips:
    """Clips of the synthetic benchmark as a model that expects `spec` sees them."""
    return SyntheticClips(
        data.split,
        data.num_clips,
        data.difficulty,
        clip_frames=spec.num_frames,
        size=spec.crop,
        mean=spec.mean,
        std=spec.std,
        fresh=data.fresh,
        symmetries=data.symmetries,
    )


def _videos(
    data: VideoData | AnnotatedData,
    spec: ModelSpec,
    mode: Mode,
    transform: TrainTransform | EvaluationTransform,
    augmentation: AugmentationPart | None = None,
    seed: int = 0,
    num_clips: int | None = None,
) -> RecognitionDataset:
    videos = _read(data)
    there, missing = find_videos(videos, data.root)
    if not there.videos:
        raise RecipeError(f"{data.root} holds none of the {len(videos)} videos of {data.annotations or data.root}.")
    if missing:
        warnings.warn(
            MissingVideosWarning(data.annotations or data.root, data.root, missing, len(videos)), stacklevel=2
        )
    sampling = clip_sampling(
        data.sampling, mode, num_frames=spec.num_frames, frame_stride=spec.frame_stride, num_clips=num_clips
    )
    repeats = augmentation.repeats if augmentation is not None else 1
    dataset = AnnotatedVideos if isinstance(data, AnnotatedData) else RecognitionDataset
    return dataset(there, data.root, sampling=sampling, transform=transform, repeats=repeats, seed=seed)


def _read(data: VideoData | AnnotatedData) -> VideoSet:
    """The videos of the wanted subset, with the classes of the whole set."""
    if isinstance(data, AnnotatedData):
        return read_annotated(
            data.annotations, format=data.format, subset=data.subset, classes=data.classes, options=data.options
        )
    part: Literal["train", "test"] = "train" if data.subset == "train" else "test"
    if data.kind == "folders":
        return read_class_folders(data.root)
    annotations = _required(data.annotations, data, "annotations")
    readers: dict[str, Callable[[], VideoSet]] = {
        "list": lambda: read_video_list(annotations, classes=data.classes),
        "kinetics": lambda: read_kinetics(annotations, classes=data.classes),
        "something_something": lambda: read_something_something(annotations, _required(data.classes, data, "classes")),
        "ucf101": lambda: read_ucf101(annotations, split=data.split, subset=part),
        "hmdb51": lambda: read_hmdb51(annotations, split=data.split, subset=part),
    }
    return readers[data.kind]()


def _required(path: Path | None, data: VideoData, key: str) -> Path:
    if path is None:
        raise RecipeError(f"data of kind {data.kind!r} need {key}: a file; the recipe names none.")
    return path


def same_classes(train: Sequence[str], validation: Sequence[str]) -> None:
    """Raise `RecipeError` unless the training and the validation set count the same classes in the same order."""
    if tuple(train) != tuple(validation):
        only = sorted(set(train) ^ set(validation))
        what = f"{only[0]!r} is in one of them alone" if only else "their order differs"
        raise RecipeError(f"the training and the validation set do not have the same classes: {what}.")
