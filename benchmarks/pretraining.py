"""A training step of masked pretraining against the straightforward way of writing it, in one run.

    python benchmarks/pretraining.py --batch 2 --repeats 3
    python benchmarks/pretraining.py --batch 1 --depth 3 --decoder-depth 1        # a minute on a small machine
    python benchmarks/pretraining.py --batch 64 --dtype bf16 --compile            # on a GPU

A step is forward, backward and AdamW, of ViT-B on 16 x 224 x 224 clips with 0.9 of the tubes hidden. "plain" is written
in this file as the public implementations do it: all tokens are embedded and picked with a boolean mask, the target is
made for all tokens and then picked, attention is a product, a softmax and a product, and AdamW runs as PyTorch chooses
(ours is fused, as in `tubelet.training`). All start from the same weights, and the losses must agree. The networks and
a large matrix product are timed in turn and the quickest counts: on a CPU the processor's time (of all threads), on a
GPU the clock's. Memory is what a step holds at its peak beyond weights and moments. The share of the product's rate is
that of the step's own multiply-adds.
"""

from __future__ import annotations

import argparse
import copy
import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

from tubelet.models.spec import IMAGENET_MEAN, IMAGENET_STD
from tubelet.pretraining.masking import running_cell_mask, tube_mask
from tubelet.pretraining.objective import Masks
from tubelet.pretraining.videomae import VARIANTS, VideoMAEPretraining

Step = Callable[[], Tensor]
RATIO, DECODER_RATIO = 0.9, 0.5
ATTENTION_ON_CPU = {  # which PyTorch's own table of formulas lacks
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: lambda q, k, v, *_, **__: sdpa_flop_count(q, k, v),
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: (
        lambda gradient, q, k, v, *_, **__: sdpa_backward_flop_count(gradient, q, k, v)
    ),
}


# The straightforward way, on the weights of ours.


def plain_block(block: nn.Module, x: Tensor) -> Tensor:
    """A pre-norm block whose attention matrix is written out."""
    attention = block.attn
    heads = attention.num_heads
    y = block.norm1(x)
    bias = torch.cat((attention.q_bias, torch.zeros_like(attention.v_bias), attention.v_bias))
    qkv = F.linear(y, attention.qkv.weight, bias)
    q, k, v = qkv.reshape(*y.shape[:2], 3, heads, -1).permute(2, 0, 3, 1, 4)
    weights = (q * (y.shape[-1] // heads) ** -0.5) @ k.transpose(-2, -1)
    attended = weights.softmax(dim=-1) @ v
    x = x + attention.proj(attended.transpose(1, 2).flatten(2))
    y = block.norm2(x)
    return x + block.mlp.fc2(F.gelu(block.mlp.fc1(y)))


def plain_loss(model: VideoMAEPretraining, clip: Tensor, hidden: Tensor, skipped: Tensor | None) -> Tensor:
    """VideoMAE's loss (with `skipped`, V2's), (N, 3, T, H, W) and boolean (N, L) maps."""
    encoder, decoder = model.encoder, model.decoder
    n = len(clip)
    tokens = encoder.patch_embed.proj(clip).flatten(2).transpose(1, 2)
    tokens = tokens + encoder.positions.type_as(tokens).to(clip.device).clone().detach()
    x = tokens[~hidden].reshape(n, -1, tokens.shape[-1])
    for block in encoder.blocks:
        x = plain_block(block, x)
    x = model.encoder_to_decoder(encoder.norm(x))
    positions = decoder.positions.expand(n, -1, -1).type_as(x).to(clip.device).clone().detach()
    decoded = hidden if skipped is None else ~skipped
    seen = positions[~hidden].reshape(n, -1, x.shape[-1])
    asked = positions[decoded].reshape(n, -1, x.shape[-1])
    x = torch.cat((x + seen, model.mask_token + asked), dim=1)
    for block in decoder.blocks:
        x = plain_block(block, x)
    prediction = decoder.head(decoder.norm(x[:, -asked.shape[1] :]))
    with torch.no_grad():
        mean, std = (torch.tensor(v, device=clip.device).view(1, 3, 1, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
        pixels = clip * std + mean
        t, h, w = model.config.patch
        grid = model.config.grid
        cells = pixels.reshape(n, 3, grid[0], t, grid[1], h, grid[2], w).permute(0, 2, 4, 6, 3, 5, 7, 1)
        cells = cells.reshape(n, -1, t * h * w, 3)
        variance = cells.var(dim=2, unbiased=True, keepdim=True)
        target = ((cells - cells.mean(dim=2, keepdim=True)) / (variance.sqrt() + 1e-6)).flatten(2)
        target = target[decoded].reshape(n, -1, target.shape[-1])
    if skipped is None:
        return F.mse_loss(prediction, target)
    counted = hidden[decoded].reshape(n, -1)
    return (((prediction - target) ** 2).mean(dim=-1) * counted).sum() / counted.sum()


def our_loss(model: nn.Module, objective: VideoMAEPretraining, clip: Tensor, masks: Masks) -> Tensor:
    """The same from the package."""
    target = objective.target(clip, masks)
    return objective.loss(model(clip, masks), target, masks)


# Timing.


@dataclass
class Timing:
    """Seconds of the quickest step and bytes at its peak."""

    seconds: float = float("inf")
    memory: float = float("nan")


def training_step(
    model: nn.Module, loss: Callable[[], Tensor], device: torch.device, dtype: torch.dtype, fused: bool | None
) -> Step:
    """Forward, backward, AdamW; `fused` as PyTorch has it, None for its own choice."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.0, betas=(0.9, 0.95), weight_decay=0.05, fused=fused)

    def step() -> Tensor:
        with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
            value = loss()
        value.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        return value.detach()

    return step


def seconds(function: Callable[[], object], device: torch.device) -> float:
    """Wall time of one call on a GPU; on a CPU the processor's time, which other load does not touch."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    _wait(device)
    start = clock()
    function()
    _wait(device)
    return clock() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_memory(function: Callable[[], object], device: torch.device) -> float:
    """MiB that a call adds at its peak (CUDA, or the process's resident memory on Linux; nan elsewhere)."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        function()
        return (torch.cuda.max_memory_allocated(device) - before) / 2**20
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from now
        before = _resident("VmRSS")
        function()
        return (_resident("VmHWM") - before) / 1024
    except OSError:
        return float("nan")


def _resident(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="videomae_pretraining_base", choices=VARIANTS)
    parser.add_argument("--depth", type=int, help="blocks of the encoder, to cut a run short")
    parser.add_argument("--decoder-depth", type=int, help="blocks of the decoder, to cut a run short")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--dtype", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--compile", action="store_true", help="torch.compile ours (and plain, for itself)")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[arguments.dtype]
    config = VARIANTS[arguments.model]
    config = replace(
        config,
        depth=arguments.depth or config.depth,
        decoder_depth=arguments.decoder_depth or config.decoder_depth,
    )
    torch.manual_seed(0)
    ours = VideoMAEPretraining(config).to(device)
    clip = torch.randn(arguments.batch, 3, config.num_frames, config.crop, config.crop, device=device)
    generator = torch.Generator().manual_seed(0)
    hidden = tube_mask(arguments.batch, config.grid, RATIO, generator)
    skipped = running_cell_mask(arguments.batch, config.grid, DECODER_RATIO, generator)

    steps: dict[str, Step] = {}
    for masking, left_out in (("tube", None), ("dual", skipped)):
        masks = Masks.of(hidden, left_out).to(device)
        on_device = hidden.to(device), None if left_out is None else left_out.to(device)
        one, other = copy.deepcopy(ours), copy.deepcopy(ours)
        forward = torch.compile(one) if arguments.compile else one
        plain = torch.compile(plain_loss) if arguments.compile else plain_loss
        steps[f"ours, {masking}"] = training_step(
            one, lambda f=forward, o=one, m=masks: our_loss(f, o, clip, m), device, dtype, fused=True
        )
        steps[f"plain, {masking}"] = training_step(
            other, lambda p=plain, o=other, m=on_device: p(o, clip, *m), device, dtype, fused=None
        )

    side = 8192 if device.type == "cuda" else 2048
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    losses = {name: float(step()) for name, step in steps.items()}  # the first call also compiles
    operations = {}
    if not arguments.compile:
        for name, step in steps.items():
            with FlopCounterMode(display=False, custom_mapping=ATTENTION_ON_CPU) as counter:
                step()
            operations[name] = counter.get_total_flops()
    else:
        for masking, left_out in (("tube", None), ("dual", skipped)):
            masks = Masks.of(hidden, left_out).to(device)
            with FlopCounterMode(display=False, custom_mapping=ATTENTION_ON_CPU) as counter:
                our_loss(ours, ours, clip, masks).backward()
            ours.zero_grad()
            operations[f"ours, {masking}"] = operations[f"plain, {masking}"] = counter.get_total_flops()
    timings = {name: Timing() for name in steps}
    product = float("inf")
    for _ in range(arguments.repeats):
        for name, step in steps.items():
            timings[name].seconds = min(timings[name].seconds, seconds(step, device))
            product = min(product, *(seconds(lambda: a @ b, device) for _ in range(4)))
    for name, step in steps.items():
        timings[name].memory = min(peak_memory(step, device) for _ in range(2))

    rate = 2 * side**3 / product
    table = Table("step", "s", "clips/s", "of the product's rate", "MiB at the peak", "loss")
    for name, timing in timings.items():
        share = operations[name] / timing.seconds / rate
        table.add_row(
            name,
            f"{timing.seconds:.3f}",
            f"{arguments.batch / timing.seconds:.2f}",
            f"{share:.0%}",
            f"{timing.memory:.0f}",
            f"{losses[name]:.6f}",
        )
    took = {name: timing.seconds for name, timing in timings.items()}
    held = {name: timing.memory for name, timing in timings.items()}
    ratios = Table("ratio", "time", "memory")
    for title, first, second in (
        ("plain / ours, tube masking", "plain, tube", "ours, tube"),
        ("plain / ours, dual masking", "plain, dual", "ours, dual"),
        ("tube / dual masking, ours", "ours, tube", "ours, dual"),
        ("tube / dual masking, plain", "plain, tube", "plain, dual"),
        ("plain with tubes / ours with dual masking", "plain, tube", "ours, dual"),
    ):
        ratios.add_row(title, f"{took[first] / took[second]:.2f}", f"{held[first] / held[second]:.2f}")
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {arguments.threads} threads"
    Console().print(f"{arguments.model} on {where}, batch {arguments.batch}, {arguments.dtype}", table, ratios)


if __name__ == "__main__":
    main()
