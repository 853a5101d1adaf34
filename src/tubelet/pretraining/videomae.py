"""VideoMAE and VideoMAE V2: an encoder that sees a tenth of a clip, and a small decoder that paints the rest.

Tong et al., VideoMAE, NeurIPS 2022 (arXiv 2203.12602); Wang et al., VideoMAE V2, CVPR 2023 (arXiv 2303.16727), whose
decoder predicts half of the tokens only (dual masking). Unusual: the decoder never restores the order of the tokens;
the visible ones come first, and positions say where each belongs. What is both visible and predicted stands there
twice. Only visible tubelets are cut out of the clip and embedded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Generator, Tensor, nn

from tubelet.layers.structured_initialisation import attend_to_neighbours, separable_positions
from tubelet.models import videomae
from tubelet.models.spec import FeatureLevel, ModelError, ModelSpec
from tubelet.models.videomae import Block, LayerNorm, PatchEmbed, VideoMAE, VideoMAEConfig, sincos_positions
from tubelet.pretraining.masking import ENCODER_MASKS, MaskError, running_cell_mask
from tubelet.pretraining.objective import Masks, PretrainingModel
from tubelet.pretraining.pixels import EPSILON, Reconstruction, pixel_target, reconstruction, squared_error, tubelets


@dataclass(frozen=True)
class VideoMAEPretrainingConfig:
    """Every architectural choice; the defaults are VideoMAE's ViT-B/16 on Kinetics-400.

    Args:
        num_frames: frames of a clip.
        frame_stride: frames of the video from one frame of the clip to the next.
        crop: side of the square crop, pixels.
        patch: frames, rows and columns of one tubelet.
        embed_dim: width of the encoder's tokens.
        depth: blocks of the encoder.
        num_heads: heads of the encoder.
        mlp_dim: hidden width of the encoder's MLP.
        decoder_dim: width of the decoder's tokens.
        decoder_depth: blocks of the decoder.
        decoder_num_heads: heads of the decoder.
        decoder_mlp_dim: hidden width of the decoder's MLP.
        cosine_attention: normalise queries and keys (V2, off in all releases).
        positions: as the classifier's, "flattened" or "separable"; of encoder and decoder.
        initialisation: of the encoder, "normal" as the authors', or "structured" as the classifier's.
        decoder_initialisation: "normal" as the authors', or "structured": heads that look at the tokens all around.
        mask: how tokens are hidden from the encoder.
        mask_ratio: part of the tokens that is hidden from the encoder.
        decoder_mask_ratio: part that the decoder leaves out, in running cells; 0 predicts all that is hidden (V1).
        normalise_target: predict pixels normalised a tubelet and channel, in place of values in 0..1.
        target_epsilon: added to the deviation that normalised pixels are divided by. The authors' value magnifies what
            is flat until its noise counts as much as an actor; a greater one leaves it flat.
    """

    num_frames: int = 16
    frame_stride: int = 4
    crop: int = 224
    patch: tuple[int, int, int] = (2, 16, 16)
    embed_dim: int = 768
    depth: int = 12
    num_heads: int = 12
    mlp_dim: int = 3072
    decoder_dim: int = 384
    decoder_depth: int = 4
    decoder_num_heads: int = 6
    decoder_mlp_dim: int = 1536
    cosine_attention: bool = False
    positions: Literal["flattened", "separable"] = "flattened"
    initialisation: Literal["normal", "structured"] = "normal"
    decoder_initialisation: Literal["normal", "structured"] = "normal"
    mask: Literal["tube", "random", "frame", "cube"] = "tube"
    mask_ratio: float = 0.9
    decoder_mask_ratio: float = 0.0
    normalise_target: bool = True
    target_epsilon: float = EPSILON

    @property
    def grid(self) -> tuple[int, int, int]:
        """Tokens along time, rows and columns."""
        return self.num_frames // self.patch[0], self.crop // self.patch[1], self.crop // self.patch[2]


class Encoder(nn.Module):
    """VideoMAE's network on the visible tokens alone, and a norm where the classifier has its head."""

    positions: Tensor

    def __init__(self, config: VideoMAEPretrainingConfig) -> None:
        super().__init__()
        dim = config.embed_dim
        self.patch_embed = PatchEmbed(config.patch, dim)
        self.register_buffer("positions", _positions(config, dim), persistent=False)
        self.blocks = _blocks(dim, config.depth, config.num_heads, config.mlp_dim, config.cosine_attention)
        self.norm = LayerNorm(dim)

    def forward(self, clip: Tensor, visible: Tensor) -> Tensor:
        """(N, 3, T, H, W) and (N, V) indices -> (N, V, D)."""
        x = self.patch_embed.project(tubelets(clip, self.patch_embed.patch, visible).flatten(2))
        x = x + self.positions[visible].to(x.dtype)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class Decoder(nn.Module):
    """Blocks of a smaller width, and a linear layer to the values of a tubelet."""

    positions: Tensor

    def __init__(self, config: VideoMAEPretrainingConfig) -> None:
        super().__init__()
        dim = config.decoder_dim
        self.register_buffer("positions", _positions(config, dim), persistent=False)
        self.blocks = _blocks(
            dim, config.decoder_depth, config.decoder_num_heads, config.decoder_mlp_dim, config.cosine_attention
        )
        self.norm = LayerNorm(dim)
        self.head = nn.Linear(dim, 3 * math.prod(config.patch))

    def forward(self, x: Tensor, predicted: int) -> Tensor:
        """(N, L, D) tokens -> (N, predicted, values), of the last `predicted` tokens."""
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, -predicted:]))


# what the classifier's config says of the encoder, under the same names
_ENCODER_FIELDS = (
    *("num_frames", "frame_stride", "crop", "patch", "embed_dim", "depth", "num_heads", "mlp_dim"),
    *("cosine_attention", "positions", "initialisation"),
)


def _positions(config: VideoMAEPretrainingConfig, dim: int) -> Tensor:
    if config.positions == "separable":
        return separable_positions(config.grid, dim)
    return sincos_positions(math.prod(config.grid), dim)


def _blocks(dim: int, depth: int, num_heads: int, mlp_dim: int, cosine_attention: bool) -> nn.ModuleList:
    return nn.ModuleList(
        Block(dim, num_heads, mlp_dim, drop_path_rate=0.0, cosine_attention=cosine_attention) for _ in range(depth)
    )


class VideoMAEPretraining(PretrainingModel):
    """Encoder, a linear layer to the decoder's width, and decoder.

    Args:
        config: the architecture; see `VARIANTS` for the released ones.

    Raises:
        ModelError: when the patch does not divide the clip, heads do not divide their width, or a structured
            initialisation finds flattened positions.
    """

    undecayed = ("mask_token",)

    def __init__(self, config: VideoMAEPretrainingConfig) -> None:
        super().__init__()
        clip = (config.num_frames, config.crop, config.crop)
        if any(side % patch for side, patch in zip(clip, config.patch, strict=True)):
            raise ModelError(f"a clip of {clip} frames, rows, columns cannot be cut into patches of {config.patch}.")
        for width, heads in (
            (config.embed_dim, config.num_heads),
            (config.decoder_dim, config.decoder_num_heads),
        ):
            if width % heads:
                raise ModelError(f"a width of {width} cannot be shared by {heads} heads.")
        if config.decoder_initialisation == "structured" and config.positions != "separable":
            raise ModelError("a structured initialisation reads separable positions; the config has flattened ones.")
        if config.mask not in ENCODER_MASKS:
            raise ModelError(f"there is no mask {config.mask!r}; expected one of {', '.join(ENCODER_MASKS)}.")
        self.config = config
        self.mask_token = nn.Parameter(torch.empty(1, 1, config.decoder_dim))
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.encoder_to_decoder = nn.Linear(config.embed_dim, config.decoder_dim, bias=False)
        self.initialise()

    def initialise(self) -> None:
        """Linear layers Xavier-uniform with zero biases; the projections keep PyTorch's own (the authors' recipe)."""
        nn.init.trunc_normal_(self.mask_token, std=0.02, a=-0.02, b=0.02)
        for part in (self.encoder, self.decoder):
            for module in part.modules():
                if isinstance(module, nn.Linear):
                    nn.init.xavier_uniform_(module.weight)
                    if module.bias is not None:
                        nn.init.zeros_(module.bias)
        if self.mask_token.is_meta:
            return
        if self.config.initialisation == "structured":
            classifier = VideoMAE(VideoMAEConfig(**{name: getattr(self.config, name) for name in _ENCODER_FIELDS}))
            self.encoder.patch_embed, self.encoder.blocks = classifier.patch_embed, classifier.blocks
        if self.config.decoder_initialisation == "structured":
            self._structure_decoder()

    def _structure_decoder(self) -> None:
        """Heads that look at the tokens all around: what is hidden is completed from what stands beside it.

        The first prediction is the mean, and a mask token is as long as one that was seen, so that neither outweighs
        the other where a head looks.
        """
        c = self.config
        nn.init.normal_(self.mask_token, std=3**-0.5)  # as PyTorch's own projection of a normalised token
        nn.init.zeros_(self.decoder.head.weight)
        around = [(0, row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if (row, column) != (0, 0)]
        for block in self.decoder.blocks:
            assert isinstance(block, Block)
            for linear in (block.attn.qkv, block.attn.proj, block.mlp.fc1, block.mlp.fc2):
                nn.init.trunc_normal_(linear.weight, std=linear.in_features**-0.5)
            query, key, _ = block.attn.qkv.weight.chunk(3)
            attend_to_neighbours(query, key, c.grid, [around[head % 8] for head in range(c.decoder_num_heads)])

    @property
    def spec(self) -> ModelSpec:
        """The clip that this model expects."""
        c = self.config
        level = FeatureLevel(c.embed_dim, c.patch)
        return ModelSpec(c.num_frames, c.frame_stride, c.crop, num_classes=0, levels=(level,))

    def masks(self, batch: int, generator: Generator | None = None) -> Masks:
        """Hide tokens from the encoder, and from the decoder too where the config says so.

        Raises:
            MaskError: when the ratio is too small to hide anything.
        """
        c = self.config
        hidden = ENCODER_MASKS[c.mask](batch, c.grid, c.mask_ratio, generator)
        if not hidden.any():
            raise MaskError(
                f"a mask ratio of {c.mask_ratio} hides none of the {hidden.shape[1]} tokens; expected more."
            )
        if c.decoder_mask_ratio == 0:
            return Masks.of(hidden)
        return Masks.of(hidden, running_cell_mask(batch, c.grid, c.decoder_mask_ratio, generator))

    def forward(self, clip: Tensor, masks: Masks) -> Tensor:
        """(N, 3, T, H, W), normalised RGB -> predicted pixels (N, P, t*h*w*3); ModelError for other sizes."""
        c = self.config
        if clip.shape[1:] != (3, c.num_frames, c.crop, c.crop):
            raise ModelError(
                f"got a clip of shape {tuple(clip.shape)}; expected (N, 3, {c.num_frames}, {c.crop}, {c.crop})."
            )
        encoded = self.encoder(clip, masks.visible)
        return self.decoder(self.decoder_input(encoded, masks), masks.predicted.shape[1])

    def decoder_input(self, encoded: Tensor, masks: Masks) -> Tensor:
        """What was seen, then a mask token for each token to predict, with positions: (N, V, D) -> (N, V + P, D')."""
        positions = self.decoder.positions
        seen = self.encoder_to_decoder(encoded)
        seen = seen + positions[masks.visible].to(seen.dtype)
        asked = self.mask_token.to(seen.dtype) + positions[masks.predicted].to(seen.dtype)
        return torch.cat((seen, asked), dim=1)

    def target(self, clip: Tensor, masks: Masks) -> Tensor:
        """The pixels of the tokens to predict, (N, P, t*h*w*3)."""
        c = self.config
        return pixel_target(clip, c.patch, masks.predicted, c.normalise_target, epsilon=c.target_epsilon)

    def loss(self, prediction: Tensor, target: Tensor, masks: Masks) -> Tensor:
        """Mean squared error of what was hidden from the encoder."""
        return squared_error(prediction, target, masks.counted)

    def paint(self, clip: Tensor, prediction: Tensor, masks: Masks) -> Reconstruction:
        """Put predictions back into the clip they are of, for people to look at."""
        c = self.config
        tokens = masks.visible, masks.predicted
        return reconstruction(clip, prediction, c.patch, *tokens, c.normalise_target, epsilon=c.target_epsilon)


def _around(encoder: VideoMAEConfig, **choices: Any) -> VideoMAEPretrainingConfig:
    """The encoder of a classifier, with the decoder's choices."""
    return VideoMAEPretrainingConfig(**{name: getattr(encoder, name) for name in _ENCODER_FIELDS}, **choices)


def _decoder(dim: int, num_heads: int, depth: int, mlp_dim: int | None = None) -> dict[str, int]:
    return {
        "decoder_dim": dim,
        "decoder_num_heads": num_heads,
        "decoder_depth": depth,
        "decoder_mlp_dim": mlp_dim or 4 * dim,
    }


VARIANTS = {
    # for the synthetic benchmark: one half of a clip is predicted from the other
    "videomae_pretraining_tiny": _around(
        replace(videomae.VARIANTS["videomae_tiny"], patch=(8, 6, 6), initialisation="normal"),
        **_decoder(128, 8, 2, mlp_dim=256),
        decoder_initialisation="structured",
        mask="frame",
        mask_ratio=0.5,
        target_epsilon=0.05,
    ),
    "videomae_pretraining_small": _around(videomae.VARIANTS["videomae_small"], **_decoder(192, 3, 4)),
    "videomae_pretraining_base": _around(videomae.VARIANTS["videomae_base"], **_decoder(384, 6, 4)),
    "videomae_pretraining_large": _around(videomae.VARIANTS["videomae_large"], **_decoder(512, 8, 12)),
    "videomae_pretraining_huge": _around(videomae.VARIANTS["videomae_huge"], **_decoder(640, 8, 12)),
}
_DUAL = {
    "small": _decoder(192, 3, 4),
    "base": _decoder(384, 6, 4),
    "large": _decoder(512, 8, 4),
    "huge": _decoder(512, 8, 4),
    "giant": _decoder(512, 8, 4, mlp_dim=2234),  # int(512 * 48 / 11), the ratio of the encoder's MLP
}
VARIANTS |= {
    f"videomaev2_pretraining_{size}": _around(
        videomae.VARIANTS[f"videomaev2_{size}"], **decoder, decoder_mask_ratio=0.5
    )
    for size, decoder in _DUAL.items()
}
