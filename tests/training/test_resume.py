"""A run that is killed goes on to the same losses, bit for bit on the CPU."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tubelet.training.recipe import RecipeError, load_recipe
from tubelet.training.recognition import train

RECIPE = Path(__file__).parents[2] / "recipes/recognition/synthetic/videomae_tiny.yaml"
SMALL = [
    "model.overrides={crop: 32, patch: [4, 8, 8], embed_dim: 48, depth: 2, num_heads: 3, mlp_dim: 96,"
    " drop_path_rate: 0.1}",
    "data.train.num_clips=64",
    "data.train.symmetries=2",
    "data.validation.num_clips=26",
    "data.workers=0",
    "data.augmentation.enabled=true",
    "run.batch_size=8",
    "run.accumulation=2",
    "run.epochs=6",
    "run.evaluate_every=2",
    "run.save_every=0.5",
    "run.ema_decay=0.99",
    "optimiser.warmup_epochs=1",
]


def losses(folder: Path) -> list[tuple[int, float]]:
    records = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [(record["step"], record["loss"]) for record in records if "loss" in record]


def wait_for_step(folder: Path, step: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        log = folder / "log.jsonl"
        if log.exists() and log.read_text().count('"loss"') >= step:
            return
        assert process.poll() is None, f"the run ended by itself with status {process.returncode}"
        time.sleep(0.02)
    pytest.fail(f"step {step} was not reached in two minutes")


def test_a_run_killed_twice_resumes_to_the_same_losses_and_weights(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tubelet", "train", str(RECIPE), *SMALL, "--output"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run([*command, str(whole)], check=True, env=environment, capture_output=True)
    for step in (3, 11):
        process = subprocess.Popen(
            [*command, str(killed)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for_step(killed, step, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run([*command, str(killed)], check=True, env=environment, capture_output=True)

    expected = losses(whole)
    assert [step for step, _ in expected] == list(range(1, 25))  # 64 clips / (8 * 2) * 6 epochs
    assert losses(killed) == expected
    one, other = load_file(whole / "model.safetensors"), load_file(killed / "model.safetensors")
    assert all((one[name] == other[name]).all() for name in one)
    assert len(list((killed / "checkpoints").iterdir())) == 2  # run.keep, and nothing half-written


def test_a_folder_with_a_run_of_another_recipe_is_refused(tmp_path: Path) -> None:
    recipe = load_recipe(RECIPE, [*SMALL, "run.epochs=1"])
    train(recipe, tmp_path / "run", progress=False)
    with pytest.raises(RecipeError, match="holds a run of another recipe"):
        train(load_recipe(RECIPE, [*SMALL, "run.epochs=2"]), tmp_path / "run", progress=False)


def test_a_run_that_never_took_a_step_does_not_hold_its_folder(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="the training set has 8 videos"):
        train(load_recipe(RECIPE, [*SMALL, "data.train.num_clips=8"]), tmp_path / "run", progress=False)
    train(load_recipe(RECIPE, [*SMALL, "run.epochs=1"]), tmp_path / "run", progress=False)


def test_fewer_videos_than_a_step_takes_is_said(tmp_path: Path) -> None:
    recipe = load_recipe(RECIPE, [*SMALL, "data.train.num_clips=15"])
    with pytest.raises(RecipeError, match="has 15 videos; one step takes 16"):
        train(recipe, tmp_path / "run", progress=False)
