"""Layer decay and schedule; the numbers of the authors' own code are in the parity case recipe_finetune."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.models.videomae import VideoMAE, VideoMAEConfig
from tubelet.training.optimiser import adamw, cosine_schedule, layer_decay_scales, weight_decays

CASES = Path(__file__).parents[1] / "parity/cases"


@pytest.mark.parametrize("system", ["videomae", "videomaev2"])
def test_rates_decays_and_schedules_are_those_of_the_authors(system: str) -> None:
    case = json.loads((CASES / system / "recipe_finetune.json").read_text())
    expected = np.load(CASES / system / "recipe_finetune.npz")
    config, keys = case["config"], case["keys"]
    scales = layer_decay_scales(list(keys), 12, config["layer_decay"])
    np.testing.assert_allclose(scales, expected["out:lr_scale"], rtol=1e-6)
    decays = weight_decays([key["shape"] for key in keys.values()], config["weight_decay"])
    np.testing.assert_allclose(decays, expected["out:weight_decay"], rtol=1e-6)
    arguments = [config[name] for name in ("lr", "min_lr", "epochs", "steps_per_epoch", "warmup_epochs")]
    np.testing.assert_allclose(cosine_schedule(*arguments), expected["out:lr_schedule"], rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(
        cosine_schedule(*arguments, warmup_steps=config["warmup_steps"]),
        expected["out:lr_schedule_warmup_steps"],
        rtol=1e-6,
        atol=1e-12,
    )


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 30))
def test_the_schedule_has_a_rate_for_every_step_between_zero_and_the_highest(
    epochs: int, steps: int, warmup: int
) -> None:
    schedule = cosine_schedule(1e-3, 1e-6, epochs, steps, warmup)
    assert len(schedule) == epochs * steps
    assert schedule.min() >= 0
    assert schedule.max() <= 1e-3


def test_every_parameter_is_optimised_once_in_its_group() -> None:
    model = VideoMAE(VideoMAEConfig(crop=32, embed_dim=48, depth=2, num_heads=4, mlp_dim=96, num_classes=5))
    optimiser = adamw(model, 2, layer_decay=0.5, weight_decay=0.1, betas=(0.9, 0.99))
    group_of = {parameter: group for group in optimiser.param_groups for parameter in group["params"]}
    assert set(group_of) == set(model.parameters())
    assert sum(len(group["params"]) for group in optimiser.param_groups) == len(group_of)
    # depth 2: patch embedding is layer 0 of 3, block 1 is layer 2, the head layer 3
    for parameter, scale, decay in [
        (model.patch_embed.proj.weight, 0.125, 0.1),
        (model.blocks[1].attn.q_bias, 0.5, 0.0),
        (model.head.weight, 1.0, 0.1),
    ]:
        assert (group_of[parameter]["lr_scale"], group_of[parameter]["weight_decay"]) == (scale, decay)
