"""A recipe: everything that a training run depends on, as one typed value read from one YAML file.

An unknown key is an error that names its nearest neighbour; `key=value` overrides reach any depth (`optimiser.lr=1e-3`,
`data.train.root=videos`). Paths in a recipe are relative to the working directory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError

from tubelet.errors import TubeletError, did_you_mean


class RecipeError(TubeletError):
    """A recipe that cannot be followed."""


class Part(BaseModel):
    """A section of a recipe: immutable, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


AnyRecipe = TypeVar("AnyRecipe", bound=Part)
Fraction = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]


class ModelPart(Part):
    """The network: a name of `tubelet models`, where its weights start from, and changes to its architecture."""

    name: str
    checkpoint: str | None = None
    overrides: dict[str, Any] = {}


class SyntheticData(Part):
    """Clips of the synthetic benchmark, rendered in memory; `symmetries` views of each fill a training batch."""

    kind: Literal["synthetic"]
    split: Literal["train", "val", "test"]
    num_clips: PositiveInt
    difficulty: Literal["easy", "medium", "hard"] = "medium"
    fresh: bool = False
    symmetries: Annotated[int, Field(ge=1, le=16)] = 1


class VideoData(Part):
    """Videos and their labels, in one of the field's layouts.

    Args:
        kind: the format of `annotations` ("folders" needs none: the name of a folder under `root` is the class).
        root: folder of the videos.
        annotations: the list, csv, JSON or split file.
        classes: file with the names of the classes, one a line (the labels JSON of Something-Something).
        split: number of the official split (UCF101, HMDB51).
        subset: which part of a file that holds several.
        sampling: "dense" (Kinetics, UCF101, HMDB51) or "segments" (Something-Something).
    """

    kind: Literal["list", "folders", "kinetics", "something_something", "ucf101", "hmdb51"]
    root: Path
    annotations: Path | None = None
    classes: Path | None = None
    split: Literal[1, 2, 3] = 1
    subset: Literal["train", "val", "test"] = "train"
    sampling: Literal["dense", "segments"] = "dense"


class AnnotatedData(Part):
    """Videos and the labels, segments, tubes or boxes in them, each of which is a sample, in any format.

    Args:
        kind: says that it is one of these.
        root: folder of the videos.
        annotations: a file, or several by a pattern such as `labels/*.xml`.
        format: a name of `tubelet data formats`; None recognises it.
        options: what the format takes beside the file (`frame_rate` for CVAT).
        subset: only the videos that the file calls so.
        classes: names in the order of their indices, or a file with one a line; None takes those of the files.
        sampling: "dense" or "segments", within the time of each action.
    """

    kind: Literal["annotations"]
    root: Path
    annotations: str
    format: str | None = None
    options: dict[str, Any] = {}
    subset: str | None = None
    classes: tuple[str, ...] | Path | None = None
    sampling: Literal["dense", "segments"] = "dense"


Data = Annotated[SyntheticData | VideoData | AnnotatedData, Field(discriminator="kind")]


class AugmentationPart(Part):
    """What is done to training clips: by default VideoMAE's fine-tuning; `enabled: false` takes them as they are."""

    enabled: bool = True
    rand_augment: bool = True
    flip: Fraction = 0.5
    erasing: Fraction = 0.25
    mixup: NonNegative = 0.8
    cutmix: NonNegative = 1.0
    cutmix_probability: Fraction = 0.5
    repeats: PositiveInt = 2


class DataPart(Part):
    """What is learnt from and what it is measured on."""

    train: Data
    validation: Data
    augmentation: AugmentationPart = AugmentationPart()
    workers: Annotated[int, Field(ge=0)] = 4


class AdamWPart(Part):
    """AdamW with warm-up from 0 and a cosine.

    Args:
        lr: at a total batch of 256 videos; it is scaled linearly with the batch (repeats do not count).
        min_lr: where the cosine ends, scaled likewise.
        weight_decay: of tensors with two or more dimensions; none on the others.
        betas: of AdamW.
        warmup_epochs: linear from 0.
        clip_grad_norm: largest norm of the gradient, None for no clipping.
    """

    lr: PositiveFloat = 5e-4
    min_lr: NonNegative = 1e-6
    weight_decay: NonNegative = 0.05
    betas: tuple[float, float] = (0.9, 0.999)
    warmup_epochs: NonNegative = 5
    clip_grad_norm: PositiveFloat | None = None


class OptimiserPart(AdamWPart):
    """The optimiser of fine-tuning, with layer-wise decay.

    Args:
        layer_decay: factor on the rate from one layer to the layer below it; 1 is none.
        embed_scale: factor on the rate of the patch embedding, beside that.
    """

    layer_decay: Annotated[float, Field(gt=0, le=1)] = 0.75
    embed_scale: PositiveFloat = 1.0


class LoopPart(Part):
    """How any run goes about it.

    Args:
        epochs: passes over the training set.
        batch_size: videos a process and step.
        accumulation: steps whose gradients are summed for one update.
        precision: "no" is float32.
        parallel: "ddp" or "fsdp2" when started on several processes.
        compile: torch.compile the network.
        seed: of everything random.
        save_every: epochs between checkpoints (fractions are allowed).
        keep: how many checkpoints stay.
    """

    epochs: PositiveInt
    batch_size: PositiveInt = 8
    accumulation: PositiveInt = 1
    precision: Literal["no", "bf16", "fp16"] = "no"
    parallel: Literal["ddp", "fsdp2"] = "ddp"
    compile: bool = False
    seed: int = 0
    save_every: PositiveFloat = 1
    keep: PositiveInt = 2


class RunPart(LoopPart):
    """How a run of fine-tuning goes about it.

    Args:
        ema_decay: of the moving average of the weights that is evaluated and exported; None for none.
        label_smoothing: of the targets.
        evaluate_every: epochs between evaluations.
        views: temporal clips and crops of the final evaluation.
    """

    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = None
    label_smoothing: Fraction = 0.1
    evaluate_every: PositiveFloat = 1
    views: tuple[PositiveInt, PositiveInt] = (1, 1)


class Recipe(Part):
    """A whole recipe; `reported` and `source` say what its authors measured and where they say so."""

    model: ModelPart
    data: DataPart
    optimiser: OptimiserPart = OptimiserPart()
    run: RunPart
    reported: dict[str, float] = {}
    source: str = ""


def load_recipe(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe of fine-tuning; see `read_recipe`."""
    return read_recipe(Recipe, path, overrides)


def read_recipe(kind: type[AnyRecipe], path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> AnyRecipe:
    """Read a recipe of some kind and apply `key=value` overrides, whose values are YAML.

    Raises:
        RecipeError: for a file that is no recipe, and for keys or values that do not belong in one.
    """
    path = Path(path)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecipeError(
            f"{path}: no such recipe; expected a YAML file (the package's own stand in recipes/)."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError, IsADirectoryError) as error:
        raise RecipeError(f"{path} is not a YAML file: {' '.join(str(error).split())}.") from None
    if not isinstance(values, dict):
        raise RecipeError(f"{path} holds {type(values).__name__}; expected a recipe with model, data and run.")
    for override in overrides:
        _override(values, override)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise RecipeError(f"{path}: {_explain(kind, values, error.errors()[0])}") from None


def save_recipe(recipe: Part, path: Path) -> None:
    """Write a recipe as YAML; `read_recipe` gives the same value back."""
    path.write_text(yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False), encoding="utf-8")


def _override(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise RecipeError(f"override {override!r} is not of the form key=value, such as run.epochs=10.")
    *parents, last = key.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise RecipeError(f"override {override!r}: {parent!r} is a value, not a section.")
    try:
        values[last] = _number(yaml.safe_load(text))
    except yaml.YAMLError:
        raise RecipeError(f"override {override!r}: {text!r} is not a YAML value.") from None


def _number(value: Any) -> Any:
    """YAML 1.1 reads 1e-3 as text; here it is a number."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
    return value


def _explain(kind: type[Part], values: dict[str, Any], error: Any) -> str:
    """One sentence about the first thing that is wrong."""
    where = [str(part) for part in error["loc"] if part not in _KINDS]
    key = ".".join(where)
    if error["type"] == "extra_forbidden":
        section: Any = kind
        for part in where[:-1]:
            section = _section(section, part, values)
            values = values.get(part, {}) if isinstance(values, dict) else {}
        known = list(section.model_fields) if section is not None else []
        return f"unknown key {key!r}; {did_you_mean(where[-1], known)}"
    if error["type"] == "union_tag_invalid":
        tag, kinds = error["ctx"]["tag"], re.findall(r"'(\w+)'", error["ctx"]["expected_tags"])
        return f"{key}.kind: there is no kind {tag!r}; {did_you_mean(tag, kinds)}"
    given = "" if error["type"] == "missing" else f" (given {error['input']!r})"
    return f"{key}: {error['msg'][0].lower()}{error['msg'][1:]}{given}."


_KINDS = {
    *("synthetic", "list", "folders", "kinetics", "something_something", "ucf101", "hmdb51", "annotations"),
    *("videos", "shards"),
}


def _section(section: Any, part: str, values: dict[str, Any]) -> Any:
    """The class of a section; of several, the one whose `kind` is given."""
    field = section.model_fields.get(part)
    if field is None or not get_args(field.annotation):
        return None if field is None else field.annotation
    given = values.get(part, {}).get("kind")
    return next(one for one in get_args(field.annotation) if given in get_args(one.model_fields["kind"].annotation))


def find_recipe(name: str | os.PathLike[str]) -> Path:
    """The file of a recipe: a path, or the name of one of the package's own (`recognition/synthetic/videomae_tiny`).

    Raises:
        RecipeError: when there is neither; it lists the nearest names.
    """
    path = Path(name)
    if path.is_file():
        return path
    own = {file.relative_to(root).with_suffix("").as_posix(): file for root in _ROOTS for file in root.rglob("*.yaml")}
    wanted = path.with_suffix("").as_posix().removeprefix("recipes/")
    if wanted in own:
        return own[wanted]
    hint = did_you_mean(wanted, sorted(own), f"expected a YAML file or one of {', '.join(sorted(own))}.")
    raise RecipeError(f"{name}: no such recipe; {hint}")


_ROOTS = (Path(__file__).parents[1] / "recipes", Path(__file__).parents[3] / "recipes")  # installed, or in a checkout
