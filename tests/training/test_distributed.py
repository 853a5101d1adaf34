"""Two processes on the CPU train as one does with twice the batch."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

RECIPE = Path(__file__).parents[2] / "recipes/recognition/synthetic/videomae_tiny.yaml"
SMALL = [
    "model.overrides={crop: 32, patch: [4, 8, 8], embed_dim: 48, depth: 2, num_heads: 3, mlp_dim: 96}",
    "data.train.num_clips=64",
    "data.train.symmetries=1",
    "data.validation.num_clips=26",
    "data.workers=0",
    "run.epochs=2",
    "run.ema_decay=null",
    "optimiser.warmup_epochs=1",
]


def losses(folder: Path) -> list[float]:
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [record["loss"] for record in records if "loss" in record]


def run(folder: Path, *overrides: str, processes: int) -> None:
    """Train in so many processes, each told who it is as `torchrun` tells it; all are gone when this returns."""
    command = [sys.executable, "-m", "tubelet", "train", str(RECIPE), *SMALL, *overrides, "--output", str(folder)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    if processes > 1:
        environment |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(processes)}
        environment |= {"GLOO_SOCKET_IFNAME": "lo", "LOCAL_WORLD_SIZE": str(processes)}
    logs = [folder.with_name(f"{folder.name}-{rank}.txt") for rank in range(processes)]
    started = []
    for rank, log in enumerate(logs):
        own = environment | {"RANK": str(rank), "LOCAL_RANK": str(rank)} if processes > 1 else environment
        with log.open("wb") as output:
            started.append(subprocess.Popen(command, env=own, stdout=output, stderr=subprocess.STDOUT))
    try:
        for process in started:
            process.wait(timeout=240)
    finally:
        for process in started:
            process.kill()
    for process, log in zip(started, logs, strict=True):
        assert process.returncode == 0, log.read_text()[-2000:]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "one"
    run(folder, "run.batch_size=16", processes=1)
    return folder


@pytest.mark.parametrize("parallel", ["ddp", "fsdp2"])
def test_two_processes_have_the_losses_of_one_with_twice_the_batch(alone: Path, tmp_path: Path, parallel: str) -> None:
    run(tmp_path / "two", "run.batch_size=8", f"run.parallel={parallel}", processes=2)
    assert len(losses(alone)) == 8
    assert losses(tmp_path / "two") == pytest.approx(losses(alone), rel=1e-4)
    ours, theirs = load_file(tmp_path / "two/model.safetensors"), load_file(alone / "model.safetensors")
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert torch.allclose(ours[name], tensor, atol=1e-3), name
