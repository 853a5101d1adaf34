"""VideoMAE: classifiers, their structure, and what stands around them (sampling, test views, recipe, RandAugment)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pretraining_cases as pretraining
import torch
from case import Case

from tubelet.checkpoints import CheckpointError, create_model
from tubelet.checkpoints.videomae import kinetics_rows
from tubelet.datasets.mixing import CutAxes, cut_and_paste, cut_box, mixup, soft_targets
from tubelet.datasets.rand_augment import apply_operation
from tubelet.datasets.transforms import EvaluationTransform, squashed_clip
from tubelet.models.cost import count_parameters
from tubelet.models.videomae import VideoMAE
from tubelet.training.optimiser import cosine_schedule, layer_decay_scales, weight_decays
from tubelet.video import crops, sampling


def run(
    case: Case, variant: str = "videomae_base", short: str = "first", cut_axes: CutAxes = "rows_columns"
) -> dict[str, Any]:
    """Our outputs of a case, told apart by what it holds rather than by its name."""
    outputs, config = set(case.outputs), case.config
    if pretraining.is_pretraining(case):
        return pretraining.run(case, variant.replace("_", "_pretraining_"))
    if case.is_structure:
        with torch.device("meta"):
            return {"parameters": count_parameters(load(case, variant))}
    if any(name.endswith("_starts") for name in outputs):
        return _detection_features(case, variant)
    if any(name.startswith("map_710to") for name in outputs):
        return {name: kinetics_rows(int(name.removeprefix("map_710to"))) for name in outputs}
    if "ops" in config:
        return _rand_augment(case)
    if "lr_scale" in outputs:
        return _recipe(case, cut_axes)
    if "frames_in" in config:
        return _preprocess(case)
    if not case.keys:
        return _sampling(case, short)
    return _classify(case, variant)


def load(case: Case, variant: str) -> VideoMAE:
    """The case's checkpoint in our network, through the project's own converter."""
    config = _architecture(case)
    try:
        model = create_model(variant, checkpoint=case.checkpoint(), **config)
    except CheckpointError as error:
        unused = tuple(name for name in error.left_over if name in case.insensitive)
        if not unused:
            raise
        model = create_model(variant, checkpoint=case.checkpoint(without=unused), **config)
    assert isinstance(model, VideoMAE)
    return model.eval()


def _architecture(case: Case) -> dict[str, Any]:
    """Fields of the config: the case's numbers, and the shapes of its keys for what it does not say."""
    said, stem = case.config, "patch_embed.proj.weight"
    prefix = next(name for name in case.keys if name.endswith(stem)).removesuffix(stem)
    dim, _, *patch = case.keys[f"{prefix}{stem}"]["shape"]
    blocks = {name.removeprefix(f"{prefix}blocks.").split(".")[0] for name in case.keys if f"{prefix}blocks." in name}
    dim = said.get("embed_dim", said.get("dim", dim))
    side = said.get("patch", patch[1])
    config = {
        "num_frames": said.get("frames", 16),
        "crop": said.get("crop", 224),
        "patch": (said.get("tubelet", patch[0]), side, side),
        "embed_dim": dim,
        "depth": said.get("depth", len(blocks)),
        "num_heads": said.get("heads", dim // said.get("head_dim", 64)),
        "mlp_dim": said.get("mlp_hidden", case.keys[f"{prefix}blocks.0.mlp.fc1.weight"]["shape"][0]),
        "cosine_attention": said.get("cos_attention", f"{prefix}blocks.0.attn.scale" in case.keys),
    }
    return config if "head.weight" in case.keys else {**config, "num_classes": said.get("classes") or 1}


def _clip(case: Case) -> torch.Tensor:
    name = next(name for name, said in case.inputs.items() if said.get("layout") == "NCTHW")
    return torch.from_numpy(case.input(name))


def _classify(case: Case, variant: str) -> dict[str, Any]:
    model, clip = load(case, variant), _clip(case)
    seen: dict[str, torch.Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        return lambda module, inputs, output: seen.__setitem__(name, output.clone())

    model.blocks[0].register_forward_pre_hook(lambda module, inputs: seen.__setitem__("tokens", inputs[0].clone()))
    for i, block in enumerate(model.blocks):
        block.register_forward_hook(keep(f"block_{i}"))
    model.fc_norm.register_forward_hook(keep("features"))
    with torch.inference_mode():
        seen["logits"] = model(clip)
    seen["block_first"], seen["block_last"] = seen["block_0"], seen[f"block_{len(model.blocks) - 1}"]
    return seen


def _detection_features(case: Case, variant: str) -> dict[str, Any]:
    """The features that temporal detectors read, and the windows that they are taken from."""
    found: dict[str, Any] = {}
    if case.keys:
        model = load(case, variant)
        clip = squashed_clip(case.input("frames"), model.config.crop)[None]
        with torch.inference_mode():
            found = {"video": clip, "features": model.embed(clip)}
    for name, hop in (("thumos_starts", 4), ("fineaction_starts", 16)):
        if name in case.outputs:
            rows, columns = case.outputs[name]["shape"]
            lengths = [int(number) for number in re.findall(r"\d+(?=,|\s+frames)", case.outputs[name]["meaning"])]
            found[name] = np.full((rows, columns), -1)
            for row, length in zip(found[name], lengths, strict=True):
                starts = sampling.sliding_windows(length, case.config.get("frames", 16), 1, hop)[:, 0]
                row[: len(starts)] = starts
    return found


def _rand_augment(case: Case) -> dict[str, Any]:
    image = case.input("image")[None]
    found = {}
    for name in case.outputs:
        magnitude, _, direction = name.removeprefix("m").partition("_")
        sign, level = {"pos": 1, "neg": -1}[direction], float(magnitude.replace("p", "."))
        found[name] = np.stack([apply_operation(op, image, level, sign)[0] for op in case.config["ops"]])
    return found


def _recipe(case: Case, cut_axes: CutAxes) -> dict[str, Any]:
    said = case.config
    depth = 1 + max(int(match[1]) for name in case.keys if (match := re.search(r"blocks\.(\d+)\.", name)))
    schedule = (said["lr"], said["min_lr"], said["epochs"], said["steps_per_epoch"], said["warmup_epochs"])
    clip = torch.from_numpy(case.input("clip"))
    target = soft_targets(torch.from_numpy(case.input("labels")), said["classes"], said["lambda"], said["smoothing"])
    logits = torch.from_numpy(case.input("logits"))
    box, weight = cut_box(*clip.shape[-2:], said["lambda"], tuple(said["cutmix_centre_y_x"]))
    return {
        "lr_scale": layer_decay_scales(list(case.keys), depth, said["layer_decay"]),
        "weight_decay": weight_decays([key["shape"] for key in case.keys.values()], said["weight_decay"]),
        "lr_schedule": cosine_schedule(*schedule),
        "lr_schedule_warmup_steps": cosine_schedule(*schedule, warmup_steps=said["warmup_steps"]),
        "mixup_target": target,
        "mixup_loss": torch.nn.functional.cross_entropy(logits, target),
        "mixup_clip": mixup(clip, said["lambda"]),
        "cutmix_clip": cut_and_paste(clip, box, cut_axes),
        "cutmix_lambda": weight,
    }


def _preprocess(case: Case) -> dict[str, Any]:
    said, frames = case.config, case.input("frames")
    clips = sampling.dense_clips_test(len(frames), said["clip"], said["stride"], said["test_segments"])
    return {
        "test_views": EvaluationTransform(crop=said["short_side"], num_crops=said["test_crops"])(frames, clips),
        "val_clip": EvaluationTransform(crop=said["short_side"])(frames[: said["clip"]])[0],
    }


def _sampling(case: Case, short: str) -> dict[str, Any]:
    said = case.config
    frames, stride, segments = said["frames"], said["dense_stride"], said["tsn_segments"]
    dense, tsn = (case.input(name).tolist() for name in ("dense_lengths", "tsn_lengths"))
    ends, draws = case.input("dense_train_end").tolist(), case.input("tsn_train_draw")
    sizes = [(int(width), int(height)) for width, height in case.input("frame_sizes")]
    starts = {name: case.input(name).tolist() for name in case.inputs if name.startswith("pretrain_start_step")}
    pairs = [crops.multiscale_pairs(*size) for size in sizes]
    found = {
        "dense_test": [sampling.dense_clips_test(n, frames, stride, said["dense_views"]) for n in dense],
        "dense_train": [sampling.dense_clip(n, end, frames, stride) for n, end in zip(dense, ends, strict=True)],
        "dense_val": [sampling.dense_clip_val(n, frames, stride) for n in dense],
        "tsn_val": [sampling.segment_clip_val(n, segments) for n in tsn],
        "tsn_test": [sampling.segment_clips_test(n, segments, said["tsn_views"]) for n in tsn],
        "tsn_train": [sampling.segment_clip(n, draw, short) for n, draw in zip(tsn, draws, strict=True)],
        "multiscale_pairs": pairs,
        "multiscale_offsets": [crops.multiscale_offsets(*s, *pair[3]) for s, pair in zip(sizes, pairs, strict=True)],
    }
    for name, first in starts.items():
        step = int(name.removeprefix("pretrain_start_step"))
        found[f"pretrain_step{step}"] = [
            sampling.pretrain_clip(n, start, frames, step) for n, start in zip(dense, first, strict=True)
        ]
    return {name: np.stack(rows) for name, rows in found.items()}
