"""From the released VideoMAE and VideoMAE V2 files to `tubelet.models.videomae`.

Three layouts, told apart by their keys: the authors' fine-tuned classifier (its names are ours), the authors'
pre-training model (the classifier takes `encoder.*` and nothing else; fc_norm and head start fresh), and the Hugging
Face layouts of the two, which hold queries, keys and values apart.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

import torch
from torch import Tensor

from tubelet.checkpoints.conversion import Converted
from tubelet.checkpoints.files import StateDict
from tubelet.models.videomae import VARIANTS, VideoMAEConfig

# What the classifier leaves out of a pre-training file, and what it then starts fresh (MCG-NJU/VideoMAE, fine-tuning).
PRETRAINING_ONLY = re.compile(r"encoder\.norm\.|decoder\.|encoder_to_decoder\.|mask_token$|(videomae\.)?layernorm\.")
FRESH_AFTER_PRETRAINING = ("fc_norm", "head")

# Hugging Face name -> ours. transformers 4 and every file on the hub say `q_bias`, transformers 5 says `query.bias`.
HUGGING_FACE = (
    (r"^videomae\.", ""),
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^encoder\.layer\.(\d+)\.", r"blocks.\1."),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
    (r"\.attention\.attention\.query\.bias$", ".attn.q_bias"),
    (r"\.attention\.attention\.value\.bias$", ".attn.v_bias"),
    (r"\.attention\.attention\.", ".attn."),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
    (r"^classifier\.", "head."),
)


def convert(checkpoint: StateDict) -> Converted:
    """The checkpoint's tensors under our names; what is unknown keeps its name and shows up as left over."""
    tensors = {name.removeprefix("backbone."): tensor for name, tensor in checkpoint.tensors.items()}
    hugging_face = any(name.endswith("patch_embeddings.projection.weight") for name in tensors)
    pretraining = "encoder.patch_embed.proj.weight" in tensors or (hugging_face and "classifier.weight" not in tensors)
    if pretraining:
        tensors = {name: tensor for name, tensor in tensors.items() if not PRETRAINING_ONLY.match(name)}
    if hugging_face:
        tensors = fuse({_rename(name): tensor for name, tensor in tensors.items()})
    elif pretraining:
        tensors = {name.removeprefix("encoder."): tensor for name, tensor in tensors.items()}
    heads = checkpoint.config.get("num_attention_heads")
    return Converted(
        tensors, fresh=FRESH_AFTER_PRETRAINING if pretraining else (), facts={"num_heads": heads} if heads else {}
    )


def _rename(name: str) -> str:
    for pattern, ours in HUGGING_FACE:
        name = re.sub(pattern, ours, name)
    return name


def fuse(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Query, key and value weights, each (D, D) -> one (3D, D)."""
    fused = {}
    for name, tensor in tensors.items():
        stem, _, part = name.rpartition(".attn.")
        parts = [f"{stem}.attn.{which}.weight" for which in ("query", "key", "value")]
        if part not in ("query.weight", "key.weight", "value.weight") or not all(p in tensors for p in parts):
            fused[name] = tensor
        elif part == "query.weight":
            fused[f"{stem}.attn.qkv.weight"] = torch.cat([tensors[p] for p in parts])
    return fused


def config_from(checkpoint: StateDict, tensors: dict[str, Tensor]) -> VideoMAEConfig | None:
    """The architecture that a checkpoint was made for; None when it is not of this family, or does not say enough.

    Shapes give the widths, the depth, the patch and the classes; heads, frames and crop come from `config.json`.
    Without it the architecture is that of the variant with these shapes.

    Args:
        checkpoint: as it was read.
        tensors: what `convert` made of it.
    """
    said = checkpoint.config
    patch = tensors.get("patch_embed.proj.weight")
    hidden = tensors.get("blocks.0.mlp.fc1.weight")
    if patch is None or hidden is None or patch.ndim != 5:
        return None
    head = tensors.get("head.weight")
    shapes: dict[str, Any] = {
        "patch": tuple(patch.shape[2:]),
        "embed_dim": patch.shape[0],
        "depth": 1 + max(int(name.split(".")[1]) for name in tensors if re.match(r"blocks\.\d+\.", name)),
        "mlp_dim": hidden.shape[0],
        "cosine_attention": "blocks.0.attn.scale" in tensors,
    }
    known = [config for config in VARIANTS.values() if all(getattr(config, key) == shapes[key] for key in shapes)]
    if "num_attention_heads" in said:
        config = VideoMAEConfig(
            num_frames=said.get("num_frames", 16),
            crop=said.get("image_size", 224),
            num_heads=said["num_attention_heads"],
            **shapes,
        )
    elif known:
        config = known[0]
    else:
        return None
    return config if head is None else replace(config, num_classes=len(head))


@cache
def kinetics_rows(num_classes: int) -> list[int] | None:
    """Rows of a Kinetics-710 head that make one for Kinetics-400, 600 or 700 (VideoMAE V2); None for another count."""
    text = resources.files("tubelet.checkpoints").joinpath("kinetics710.json").read_text(encoding="utf-8")
    maps: dict[str, Any] = json.loads(text)
    return maps.get(str(num_classes))
