"""ViT with tubelet tokens: the network that VideoMAE and VideoMAE V2 fine-tune.

Tong et al., VideoMAE, NeurIPS 2022 (arXiv 2203.12602); Wang et al., VideoMAE V2, CVPR 2023 (arXiv 2303.16727).
Differences from an image ViT: a 3D patch (2 x 16 x 16), fixed sin-cos positions over the index of the *flattened*
token, no class token (the head sees the normalised mean of the tokens), and no bias on the keys. V2 adds the giant size
(patch 14, an MLP ratio of 48/11) and, as an option that no released model uses, cosine attention. The tiny size is
ours, for the synthetic benchmark.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tubelet.layers.drop_path import DropPath
from tubelet.layers.structured_initialisation import (
    Columns,
    compare_sides,
    embed_cosines,
    measure_velocity,
    separable_positions,
)
from tubelet.models.spec import FeatureLevel, ModelError, ModelSpec, RecognitionModel

LayerNorm = partial(nn.LayerNorm, eps=1e-6)
QUIET = 0.1  # of what blocks add to the tokens, where the structure asks for it


@dataclass(frozen=True)
class VideoMAEConfig:
    """Every architectural choice; the defaults are ViT-B/16 on Kinetics-400.

    Args:
        num_frames: frames of a clip.
        frame_stride: frames of the video from one frame of the clip to the next, as trained.
        crop: side of the square crop, pixels.
        num_classes: width of the head.
        patch: frames, rows and columns of one tubelet.
        embed_dim: width of the tokens.
        depth: number of blocks.
        num_heads: heads of the attention.
        mlp_dim: hidden width of the MLP.
        drop_path_rate: stochastic depth of the last block; it rises linearly from 0 at the first.
        head_dropout: dropout before the head.
        cosine_attention: normalise queries and keys and learn a temperature a head (V2, off in all releases).
        positions: sin-cos over the index of the "flattened" token, as all releases have it, or "separable": each axis
            in columns of its own, which a small network reads far more easily.
        initialisation: "normal" as the authors', or "structured" (`tubelet.layers.structured_initialisation`).
    """

    num_frames: int = 16
    frame_stride: int = 4
    crop: int = 224
    num_classes: int = 400
    patch: tuple[int, int, int] = (2, 16, 16)
    embed_dim: int = 768
    depth: int = 12
    num_heads: int = 12
    mlp_dim: int = 3072
    drop_path_rate: float = 0.0
    head_dropout: float = 0.0
    cosine_attention: bool = False
    positions: Literal["flattened", "separable"] = "flattened"
    initialisation: Literal["normal", "structured"] = "normal"

    @property
    def grid(self) -> tuple[int, int, int]:
        """Tokens along time, rows and columns."""
        return self.num_frames // self.patch[0], self.crop // self.patch[1], self.crop // self.patch[2]


def sincos_positions(num_tokens: int, embed_dim: int) -> Tensor:
    """Sin-cos table over the flattened token index, (num_tokens, embed_dim) float32.

    Even columns are sines, odd columns cosines: angle(p, j) = p / 10000^(2 floor(j/2) / D), computed in float64.
    """
    column = torch.arange(embed_dim, dtype=torch.float64)
    angle = torch.arange(num_tokens, dtype=torch.float64)[:, None] / 10000 ** (2 * (column // 2) / embed_dim)
    angle[:, 0::2] = angle[:, 0::2].sin()
    angle[:, 1::2] = angle[:, 1::2].cos()
    return angle.float()


def interpolate_positions(table: Tensor, grid: tuple[int, int, int], to: tuple[int, int, int]) -> Tensor:
    """Resize a table of ``grid`` tokens to ``to`` rows and columns, bicubic in every time slice.

    This is how the authors run the network on frames of another size for action detection; the number of time slices
    must be equal. (T*H*W, D) -> (T*H'*W', D).
    """
    if grid == to:
        return table
    slices = table.reshape(*grid, -1).permute(0, 3, 1, 2)  # (T*H*W, D) -> (T, D, H, W)
    resized = F.interpolate(slices, size=to[1:], mode="bicubic", align_corners=False)
    return resized.permute(0, 2, 3, 1).flatten(0, 2)


class PatchEmbed(nn.Module):
    """Cuts a clip into tubelets and projects each: a 3D convolution without overlap, as one matrix product."""

    def __init__(self, patch: tuple[int, int, int], embed_dim: int) -> None:
        super().__init__()
        self.patch = patch
        self.proj = nn.Conv3d(3, embed_dim, kernel_size=patch, stride=patch)

    def forward(self, clip: Tensor) -> Tensor:
        """(N, 3, T, H, W) -> (N, T/t * H/p * W/p, D), columns fastest."""
        n, c, frames, rows, columns = clip.shape
        t, h, w = self.patch
        tubelets = clip.reshape(n, c, frames // t, t, rows // h, h, columns // w, w)
        return self.project(tubelets.permute(0, 2, 4, 6, 1, 3, 5, 7).reshape(n, -1, c * t * h * w))

    def project(self, tubelets: Tensor) -> Tensor:
        """Pixels of tubelets already cut out, (N, L, 3 * t * h * w) -> (N, L, D)."""
        return F.linear(tubelets, self.proj.weight.flatten(1), self.proj.bias)


class Attention(nn.Module):
    """Multi-head self-attention; queries and values have a bias, keys have none (it would cancel in the softmax)."""

    def __init__(self, dim: int, num_heads: int, cosine: bool) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(dim))
        self.v_bias = nn.Parameter(torch.zeros(dim))
        self.scale = nn.Parameter(torch.full((num_heads, 1, 1), math.log(10.0))) if cosine else None
        self.proj = nn.Linear(dim, dim)

    def heads(self, x: Tensor) -> Tensor:
        """(N, L, D) -> (N, heads, L, D / heads)."""
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, D) -> (N, L, D)."""
        # Three products, not a fused one: a head's rows then lie closer together, which the attention kernel likes.
        query, key, value = self.qkv.weight.chunk(3)
        q = self.heads(F.linear(x, query, self.q_bias))
        k = self.heads(F.linear(x, key))
        v = self.heads(F.linear(x, value, self.v_bias))
        if self.scale is None:
            attended = F.scaled_dot_product_attention(q, k, v)
        else:
            temperature = self.scale.clamp(max=math.log(100.0)).exp()
            attended = F.scaled_dot_product_attention(
                F.normalize(q, dim=-1) * temperature, F.normalize(k, dim=-1), v, scale=1.0
            )
        return self.proj(attended.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden_dim)
        self.fc2 = nn.Linear(hidden_dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, D) -> (N, L, D)."""
        hidden = self.fc1(x)
        # Without a gradient nobody needs the values before the GELU: writing over them saves the largest buffer.
        return self.fc2(F.gelu(hidden) if torch.is_grad_enabled() else torch.ops.aten.gelu_(hidden))


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, dim: int, num_heads: int, mlp_dim: int, drop_path_rate: float, cosine_attention: bool) -> None:
        super().__init__()
        self.norm1 = LayerNorm(dim)
        self.attn = Attention(dim, num_heads, cosine_attention)
        self.norm2 = LayerNorm(dim)
        self.mlp = MLP(dim, mlp_dim)
        self.drop_path = DropPath(drop_path_rate)

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, D) -> (N, L, D)."""
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class VideoMAE(RecognitionModel):
    """The fine-tuning network: tubelets, positions, blocks, mean over the tokens, norm, head.

    Args:
        config: the architecture; see `VARIANTS` for the released ones.

    Raises:
        ModelError: when the patch does not divide the clip, or the heads do not divide the width.
    """

    positions: Tensor

    def __init__(self, config: VideoMAEConfig) -> None:
        super().__init__()
        clip = (config.num_frames, config.crop, config.crop)
        if any(side % patch for side, patch in zip(clip, config.patch, strict=True)):
            raise ModelError(f"a clip of {clip} frames, rows, columns cannot be cut into patches of {config.patch}.")
        if config.initialisation == "structured" and config.positions != "separable":
            raise ModelError("a structured initialisation reads separable positions; the config has flattened ones.")
        if config.embed_dim % config.num_heads:
            raise ModelError(f"a width of {config.embed_dim} cannot be shared by {config.num_heads} heads.")
        self.config = config
        dim = config.embed_dim
        self.patch_embed = PatchEmbed(config.patch, dim)
        if config.positions == "separable":
            positions = separable_positions(config.grid, dim)
        else:
            positions = sincos_positions(math.prod(config.grid), dim)
        self.register_buffer("positions", positions, persistent=False)
        rates = torch.linspace(0, config.drop_path_rate, config.depth, device="cpu").tolist()
        self.blocks = nn.ModuleList(
            Block(dim, config.num_heads, config.mlp_dim, rate, config.cosine_attention) for rate in rates
        )
        self.fc_norm = LayerNorm(dim)
        self.head_dropout = nn.Dropout(config.head_dropout)
        self.head = nn.Linear(dim, config.num_classes)
        self.initialise()

    def initialise(self, part: nn.Module | None = None) -> None:
        """Linear weights from N(0, 0.02) cut at 2, biases zero, the head a thousandth of that (the authors' recipe)."""
        for module in (part or self).modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.LayerNorm):
                module.reset_parameters()
        if part in (None, self.head):
            with torch.no_grad():
                self.head.weight.mul_(0.001)
        if part is None and self.config.initialisation == "structured" and not self.head.weight.is_meta:
            self._structure()

    def _structure(self) -> None:
        """Cosine waves as the first filters, velocities from the first MLP, and heads that compare those of two sides.

        What comes after starts quiet, so that the head sees the motion from the first step on.
        """
        c = self.config
        columns = Columns.of(c.grid, c.embed_dim, c.embed_dim // c.num_heads)
        embed_cosines(self.patch_embed.proj, columns)
        for number, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            for linear in (block.attn.qkv, block.attn.proj, block.mlp.fc1, block.mlp.fc2):
                nn.init.trunc_normal_(linear.weight, std=linear.in_features**-0.5)
            with torch.no_grad():
                block.attn.proj.weight[columns.positions] = 0.0
                block.mlp.fc2.weight[columns.positions] = 0.0
                if number == 0:
                    block.attn.proj.weight[columns.velocities] = 0.0
                    measure_velocity(block.mlp.fc1.weight, block.mlp.fc2.weight, c.patch, columns)
                if number == 1:
                    query, key, value = block.attn.qkv.weight.chunk(3)
                    compare_sides(query, key, value, block.attn.proj.weight, c.grid, columns, c.num_heads)
                else:
                    block.attn.proj.weight.mul_(QUIET)
                if number > 1:
                    block.mlp.fc2.weight.mul_(QUIET)

    @property
    def spec(self) -> ModelSpec:
        """The clip that this model expects, and its one level of features."""
        c = self.config
        level = FeatureLevel(c.embed_dim, c.patch)
        return ModelSpec(c.num_frames, c.frame_stride, c.crop, c.num_classes, (level,))

    def tokens(self, clip: Tensor) -> Tensor:
        """Encode a clip: (N, 3, T, H, W), normalised RGB -> (N, L, D), the output of the last block.

        Rows and columns may differ from the model's crop: the positions are then interpolated. Raises ModelError for
        another number of frames, or sides that the patch does not divide.
        """
        c = self.config
        fits = clip.ndim == 5 and clip.shape[1:3] == (3, c.num_frames)
        if not fits or clip.shape[3] % c.patch[1] or clip.shape[4] % c.patch[2]:
            raise ModelError(
                f"got a clip of shape {tuple(clip.shape)}; expected (N, 3, {c.num_frames}, H, W) "
                f"with H and W multiples of {c.patch[1]}."
            )
        grid = (c.grid[0], clip.shape[3] // c.patch[1], clip.shape[4] // c.patch[2])
        x = self.patch_embed(clip)
        x = x + interpolate_positions(self.positions, c.grid, grid).to(x.dtype)
        for block in self.blocks:
            x = block(x)
        return x

    def embed(self, clip: Tensor) -> Tensor:
        """One vector a clip, what the head sees: (N, 3, T, H, W) -> (N, D)."""
        return self.fc_norm(self.tokens(clip).mean(dim=1))

    def features(self, clip: Tensor) -> list[Tensor]:
        """The last block's tokens as a map: (N, 3, T, H, W) -> [(N, D, T/t, H/p, W/p)]."""
        t, h, w = (side // patch for side, patch in zip(clip.shape[2:], self.config.patch, strict=True))
        return [self.tokens(clip).transpose(1, 2).unflatten(2, (t, h, w))]

    def forward(self, clip: Tensor) -> Tensor:
        """(N, 3, T, H, W), normalised RGB -> (N, num_classes) logits."""
        return self.head(self.head_dropout(self.embed(clip)))


_TINY = VideoMAEConfig(  # a patch spans the whole clip: so small a network learns motion soonest inside its patches
    frame_stride=1,
    crop=48,
    num_classes=13,
    patch=(16, 6, 6),
    embed_dim=128,
    depth=4,
    num_heads=8,
    mlp_dim=512,
    positions="separable",
    initialisation="structured",
)
_SMALL = VideoMAEConfig(embed_dim=384, num_heads=6, mlp_dim=1536)
_BASE = VideoMAEConfig()
_LARGE = VideoMAEConfig(embed_dim=1024, depth=24, num_heads=16, mlp_dim=4096)
_HUGE = VideoMAEConfig(embed_dim=1280, depth=32, num_heads=16, mlp_dim=5120)
_GIANT = VideoMAEConfig(patch=(2, 14, 14), embed_dim=1408, depth=40, num_heads=16, mlp_dim=6144, num_classes=710)

VARIANTS = {
    "videomae_tiny": _TINY,  # for the synthetic benchmark: small enough to train on a CPU
    "videomae_small": _SMALL,
    "videomae_base": _BASE,
    "videomae_large": _LARGE,
    "videomae_huge": _HUGE,
    "videomaev2_small": _SMALL,
    "videomaev2_base": _BASE,
    "videomaev2_large": _LARGE,
    "videomaev2_huge": _HUGE,
    "videomaev2_giant": _GIANT,
}
