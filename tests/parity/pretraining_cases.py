"""Pretraining cases of VideoMAE and VideoMAE V2: networks, targets, losses and the maps of masks."""

from __future__ import annotations

import re
from typing import Any

import torch
from case import Case

from tubelet.checkpoints import CheckpointError, create_pretraining_model
from tubelet.models.cost import count_parameters
from tubelet.pretraining.masking import running_cells
from tubelet.pretraining.objective import Masks
from tubelet.pretraining.pixels import pixel_target
from tubelet.pretraining.videomae import VideoMAEPretraining

OUTPUTS = {"prediction", "decoder_input", "target", "loss", "loss_mask", "encoder"}


def is_pretraining(case: Case) -> bool:
    """Whether a case is one of these."""
    maps = any(name.startswith("maps_") for name in case.outputs)
    return "encoder" in case.config or maps or bool(OUTPUTS & set(case.outputs))


def run(case: Case, variant: str) -> dict[str, Any]:
    """Our outputs of a case."""
    if case.is_structure:
        with torch.device("meta"):
            return {"parameters": count_parameters(load(case, variant))}
    if any(name.startswith("maps_") for name in case.outputs):
        return {name: _maps(name) for name in case.outputs}
    return _network(case, variant) if case.keys else _target(case)


def load(case: Case, variant: str) -> VideoMAEPretraining:
    """The case's checkpoint in our network, through the project's own converter."""
    config = _architecture(case)
    try:
        model = create_pretraining_model(variant, checkpoint=case.checkpoint(), **config)
    except CheckpointError as error:
        unused = tuple(name for name in error.left_over if name in case.insensitive)
        if not unused:
            raise
        model = create_pretraining_model(variant, checkpoint=case.checkpoint(without=unused), **config)
    assert isinstance(model, VideoMAEPretraining)
    return model.eval()


def _architecture(case: Case) -> dict[str, Any]:
    """Fields of the config: the case's numbers, and the shapes of its keys for what it does not say."""
    said = case.config
    encoder, decoder = said["encoder"], said["decoder"]
    patch = case.keys["encoder.patch_embed.proj.weight"]["shape"][2:]

    def hidden(part: str) -> int:
        return case.keys[f"{part}.blocks.0.mlp.fc1.weight"]["shape"][0]

    return {
        "num_frames": said.get("frames", 16),
        "crop": said.get("crop", 224),
        "patch": (said.get("tubelet", patch[0]), said.get("patch", patch[1]), said.get("patch", patch[2])),
        "embed_dim": encoder["embed_dim"],
        "depth": encoder["depth"],
        "num_heads": encoder["heads"],
        "mlp_dim": encoder.get("mlp_hidden", hidden("encoder")),
        "decoder_dim": decoder["embed_dim"],
        "decoder_depth": decoder["depth"],
        "decoder_num_heads": decoder["heads"],
        "decoder_mlp_dim": decoder.get("mlp_hidden", hidden("decoder")),
        "cosine_attention": said.get("cos_attention", "encoder.blocks.0.attn.scale" in case.keys),
        "normalise_target": said.get("normalised_target", True),
    }


def _network(case: Case, variant: str) -> dict[str, Any]:
    model = load(case, variant)
    clip = torch.from_numpy(case.input("video"))
    if "decoder_mask" in case.inputs:
        hidden, skipped = (torch.from_numpy(case.input(f"{part}_mask")).bool() for part in ("encoder", "decoder"))
        masks = Masks.of(hidden, skipped)
    else:
        masks = Masks.of(torch.from_numpy(case.input("mask")).bool())
    with torch.inference_mode():
        encoded = model.encoder(clip, masks.visible)
        prediction, target = model(clip, masks), model.target(clip, masks)
        return {
            "encoder": encoded,
            "decoder_input": model.decoder_input(encoded, masks),
            "prediction": prediction,
            "target": target,
            "loss_mask": masks.counted,
            "loss": model.loss(prediction, target, masks),
        }


def _target(case: Case) -> dict[str, Any]:
    said = case.config
    clip = torch.from_numpy(case.input("video"))
    patch = (said.get("tubelet", 2), said["patch"], said["patch"])
    tokens = clip[0, 0].numel() // (patch[0] * patch[1] * patch[2])
    every = torch.arange(tokens).expand(len(clip), -1)
    return {"target": pixel_target(clip, patch, every, said.get("normalised", True))}


def _maps(name: str) -> torch.Tensor:
    """`maps_8x14x14_r50`: the four running-cell maps of a grid at a ratio in per cent."""
    found = re.fullmatch(r"maps_(\d+)x(\d+)x(\d+)_r(\d+)", name)
    assert found is not None, name
    t, h, w, percent = map(int, found.groups())
    return running_cells((t, h, w), percent / 100).unflatten(1, (t, h, w))
