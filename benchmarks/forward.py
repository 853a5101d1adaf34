"""The forward pass against transformers' VideoMAE: same weights, same input, one run.

    python benchmarks/forward.py --model videomae_base --threads 1 2 --batch 1 4

Both networks and a large matrix product are timed in turn and the quickest counts, so other load hurts all alike.
Memory is what a forward pass adds to the process at its peak. "bound" is the ratio of a network that took no
time but for its products, at the rate of the large one. The second table says where our time goes.
"""

from __future__ import annotations

import argparse
import ctypes
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from tubelet.checkpoints import create_model
from tubelet.models.videomae import VARIANTS

SQUARE = 2048  # side of the matrix product that the rates are held against
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
PARTS = {  # where an operator's time is counted
    "linear layers": ("aten::addmm", "aten::mm", "aten::_addmm_activation", "aten::mkldnn_linear"),
    "attention": ("aten::_scaled_dot_product_flash_attention_for_cpu",),
    "GELU": ("aten::gelu", "aten::gelu_"),
    "norms": ("aten::native_layer_norm",),
    "copies": ("aten::copy_",),
}
ATTENTION_ON_CPU = {  # which PyTorch's own table of formulas lacks
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: lambda q, k, v, *_, **__: sdpa_flop_count(q, k, v)
}


@dataclass
class Timing:
    """Seconds of the quickest pass, and MiB that a pass added at its peak."""

    seconds: float = float("inf")
    memory: float = float("nan")


def make_pair(name: str, depth: int | None, dtype: torch.dtype) -> tuple[nn.Module, nn.Module]:
    """Our network and transformers', with the same random weights."""
    from transformers import VideoMAEConfig, VideoMAEForVideoClassification

    config = replace(VARIANTS[name], depth=depth or VARIANTS[name].depth)
    torch.manual_seed(0)
    theirs = VideoMAEForVideoClassification(
        VideoMAEConfig(
            image_size=config.crop,
            num_frames=config.num_frames,
            patch_size=config.patch[1],
            tubelet_size=config.patch[0],
            hidden_size=config.embed_dim,
            num_hidden_layers=config.depth,
            num_attention_heads=config.num_heads,
            intermediate_size=config.mlp_dim,
            num_labels=config.num_classes,
            layer_norm_eps=1e-6,
        )
    ).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            if parameter.ndim == 1:  # norms and biases: away from one and zero
                parameter.add_(0.1 * torch.randn_like(parameter))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = create_model(name, checkpoint=theirs.state_dict(), depth=config.depth).eval()
    return ours.to(dtype), theirs.to(dtype)


def seconds(function: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def added_memory(function: Callable[[], object]) -> float:
    """MiB by which one call raises the peak of the process's memory (Linux; nan elsewhere)."""
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from now
        before = resident("VmRSS")
        function()
        return (resident("VmHWM") - before) / 1024
    except OSError:
        return float("nan")


def resident(field: str) -> int:
    """KiB, from the kernel's account of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def compare(networks: dict[str, Callable[[], Tensor]], dtype: torch.dtype, repeats: int) -> dict[str, Timing]:
    """The networks and a square matrix product, timed in turn; then the networks' memory."""
    a, b = (torch.randn(SQUARE, SQUARE).to(dtype) for _ in range(2))
    functions = {**networks, "product": lambda: a @ b}
    timings = {name: Timing() for name in functions}
    for function in functions.values():
        function()
    for _ in range(repeats):
        for name, function in functions.items():
            for _ in range(8 if name == "product" else 1):
                timings[name].seconds = min(timings[name].seconds, seconds(function))
    for name, function in networks.items():
        timings[name].memory = min(added_memory(function) for _ in range(2))
    return timings


def breakdown(function: Callable[[], object]) -> tuple[dict[str, float], dict[str, int]]:
    """Seconds and floating-point operations of each part of one pass."""
    with FlopCounterMode(display=False, custom_mapping=ATTENTION_ON_CPU) as counter:
        function()
    flops = counter.get_flop_counts()["Global"]
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        function()
    times = dict.fromkeys((*PARTS, "the rest"), 0.0)
    for event in profiler.key_averages():
        part = next((part for part, names in PARTS.items() if event.key in names), "the rest")
        times[part] += event.self_cpu_time_total / 1e6
    attention = sum(count for op, count in flops.items() if "attention" in str(op))
    return times, {"linear layers": sum(flops.values()) - attention, "attention": attention}


def report(
    setting: tuple[str, str, str], ours: nn.Module, theirs: nn.Module, clip: Tensor, repeats: int
) -> tuple[list[str], list[list[str]]]:
    """One row of the first table, and the rows of the second."""
    frames = clip.transpose(1, 2).contiguous()  # (N, C, T, H, W) -> (N, T, C, H, W)
    networks = {"ours": lambda: ours(clip), "theirs": lambda: theirs(frames).logits}
    with torch.inference_mode():
        timings = compare(networks, clip.dtype, repeats)
        times, flops = breakdown(networks["ours"])
        a, b = (network() for network in networks.values())
    one, other = timings["ours"], timings["theirs"]
    peak = 2 * SQUARE**3 / timings["product"].seconds
    row = [*setting, f"{one.seconds:.2f}", f"{other.seconds:.2f}", f"[bold]{other.seconds / one.seconds:.2f}[/]"]
    row += [f"{other.seconds * peak / sum(flops.values()):.2f}", f"{one.memory:.0f}", f"{other.memory:.0f}"]
    row += [f"{float((a - b).abs().max() / b.abs().max()):.0e}"]
    parts = []
    for part, spent in times.items():
        rate = flops[part] / spent if part in flops else None
        rates = ["", ""] if rate is None else [f"{rate / 1e9:.0f}", f"{rate / peak:.0%}"]
        parts.append([*setting, part, f"{spent / sum(times.values()):.1%}", *rates])
    parts.append([*setting, f"({SQUARE}-cube product)", "", f"{peak / 1e9:.0f}", "100%"])
    return row, parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="videomae_base", choices=VARIANTS)
    parser.add_argument("--depth", type=int, help="blocks, to cut a run short")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--dtype", nargs="+", default=list(DTYPES), choices=DTYPES)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    console = Console()
    ratios = Table(
        "type", "threads", "batch", "ours s", "theirs s", "ratio", "bound", "ours MiB", "theirs MiB", "error"
    )
    parts = Table("type", "threads", "batch", "part of our time", "share", "GFLOP/s", "of the product's rate")
    for dtype in arguments.dtype:
        ours, theirs = make_pair(arguments.model, arguments.depth, DTYPES[dtype])
        spec = ours.spec
        for threads in arguments.threads:
            torch.set_num_threads(threads)
            for batch in arguments.batch:
                clip = torch.randn(batch, 3, spec.num_frames, spec.crop, spec.crop).to(DTYPES[dtype])
                row, rows = report((dtype, str(threads), str(batch)), ours, theirs, clip, arguments.repeats)
                ratios.add_row(*row)
                for i, part in enumerate(rows, start=1):
                    parts.add_row(*part, end_section=i == len(rows))
    console.print(ratios, "ratio: transformers' time over ours; error: of the logits, relative.", parts)


if __name__ == "__main__":
    main()
