"""From the released pre-training files of VideoMAE and VideoMAE V2 to `tubelet.pretraining.videomae`.

The authors' names are ours. The Hugging Face layout holds queries, keys and values apart.
"""

from __future__ import annotations

import re
from typing import Any

from torch import Tensor

from tubelet.checkpoints import videomae as classifier_keys
from tubelet.checkpoints.conversion import Converted
from tubelet.checkpoints.files import StateDict
from tubelet.pretraining.videomae import VARIANTS

# Hugging Face name -> ours, for what lies around the blocks; within them the names are the classifier's.
AROUND = (
    (r"^videomae\.layernorm\.", "encoder.norm."),
    (r"^videomae\.embeddings\.", "encoder.embeddings."),
    (r"^videomae\.encoder\.layer\.(\d+)\.", r"encoder.blocks.\1."),
    (r"^decoder\.decoder_layers\.(\d+)\.", r"decoder.blocks.\1."),
)
WITHIN = classifier_keys.HUGGING_FACE
EMBEDDINGS = "embeddings.patch_embeddings.projection."


def convert(checkpoint: StateDict) -> Converted:
    """The checkpoint's tensors under our names; what is unknown keeps its name and shows up as left over."""
    tensors = checkpoint.tensors
    if any(EMBEDDINGS in name for name in tensors):
        tensors = classifier_keys.fuse({_rename(name): tensor for name, tensor in tensors.items()})
    said = checkpoint.config
    facts = {"num_attention_heads": "num_heads", "decoder_num_attention_heads": "decoder_num_heads"}
    return Converted(tensors, facts={ours: said[theirs] for theirs, ours in facts.items() if theirs in said})


def _rename(name: str) -> str:
    for pattern, ours in AROUND:
        name = re.sub(pattern, ours, name)
    part, _, rest = name.partition(".")
    if part not in ("encoder", "decoder") or not rest.startswith(("blocks.", "embeddings.")):
        return name
    for pattern, ours in WITHIN:
        rest = re.sub(pattern, ours, rest)
    return f"{part}.{rest}"


def variant_of(tensors: dict[str, Tensor]) -> str | None:
    """The released network whose shapes converted tensors have, the first of several; None when there is none.

    The number of tokens, the heads and the masks are not in a file: they are those of the variant.
    """
    patch = tensors.get("encoder.patch_embed.proj.weight")
    token = tensors.get("mask_token")
    if patch is None or token is None or patch.ndim != 5:
        return None
    shapes: dict[str, Any] = {
        "patch": tuple(patch.shape[2:]),
        "embed_dim": patch.shape[0],
        "depth": _depth(tensors, "encoder"),
        "decoder_dim": token.shape[-1],
        "decoder_depth": _depth(tensors, "decoder"),
    }
    fitting = (name for name, config in VARIANTS.items() if all(getattr(config, key) == shapes[key] for key in shapes))
    return next(fitting, None)


def _depth(tensors: dict[str, Tensor], part: str) -> int:
    return len({name.split(".")[2] for name in tensors if name.startswith(f"{part}.blocks.")})
