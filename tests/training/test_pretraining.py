"""Pretraining from recipes: they are read, they learn, and a stopped run goes on to the same losses."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file
from test_resume import losses

from tubelet.checkpoints import CheckpointWarning, create_model, create_pretraining_model
from tubelet.datasets.shards import write_shards
from tubelet.training.loop import TrainingLoop
from tubelet.training.pretraining import pretrain, unlabelled_data
from tubelet.training.pretraining_recipe import load_pretraining_recipe
from tubelet.training.recipe import RecipeError, find_recipe, save_recipe

RECIPES = Path(__file__).parents[2] / "recipes"
SYNTHETIC = RECIPES / "pretraining/synthetic/videomae_tiny.yaml"
SMALL = [
    "model.overrides={crop: 32, patch: [4, 8, 8], embed_dim: 48, depth: 2, num_heads: 3, mlp_dim: 96, decoder_dim: 32,"
    " decoder_depth: 1, decoder_num_heads: 2, decoder_mlp_dim: 64, mask_ratio: 0.75, decoder_mask_ratio: 0.5,"
    " decoder_initialisation: normal}",
    "data.train.num_clips=32",
    "data.train.symmetries=1",
    "data.workers=0",
    "run.batch_size=8",
    "run.accumulation=2",
    "run.epochs=4",
    "run.save_every=1",
    "run.show_every=2",
    "optimiser.warmup_epochs=1",
]


@pytest.mark.parametrize("path", sorted((RECIPES / "pretraining").rglob("*.yaml")), ids=lambda path: path.parent.name)
def test_every_recipe_of_the_package_is_read_and_written_back_the_same(path: Path, tmp_path: Path) -> None:
    recipe = load_pretraining_recipe(path)
    save_recipe(recipe, tmp_path / "copy.yaml")
    assert load_pretraining_recipe(tmp_path / "copy.yaml") == recipe
    assert find_recipe(path.relative_to(RECIPES).with_suffix("")).samefile(path)


def test_the_kinetics_recipe_holds_the_authors_numbers() -> None:
    recipe = load_pretraining_recipe(RECIPES / "pretraining/kinetics400/videomae_base.yaml")
    optimiser = recipe.optimiser
    # VideoMAE's pre-training script: lr 1.5e-4 and min lr 1e-5 at a batch of 256, betas 0.9 and 0.95, 40 epochs warm-up
    assert (optimiser.lr, optimiser.min_lr, optimiser.betas, optimiser.warmup_epochs) == (1.5e-4, 1e-5, (0.9, 0.95), 40)
    assert recipe.run.epochs == 1600
    assert recipe.model.overrides["mask_ratio"] == 0.9


def test_a_run_stopped_twice_resumes_to_the_same_losses_and_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # in one process, which is quick; that the loop outlives a kill is tested with fine-tuning
    recipe, whole, stopped = load_pretraining_recipe(SYNTHETIC, SMALL), tmp_path / "whole", tmp_path / "stopped"
    pretrain(recipe, whole, progress=False)
    take_step = TrainingLoop.take_step
    for last in (3, 5):

        def stop(self, *arguments, last: int = last) -> float:
            if self.step == last:
                raise KeyboardInterrupt
            return take_step(self, *arguments)

        monkeypatch.setattr(TrainingLoop, "take_step", stop)
        with pytest.raises(KeyboardInterrupt):
            pretrain(recipe, stopped, progress=False)
    monkeypatch.setattr(TrainingLoop, "take_step", take_step)
    pretrain(recipe, stopped, progress=False)

    expected = losses(whole)
    assert [step for step, _ in expected] == list(range(1, 9))  # 32 clips / (8 * 2) * 4 epochs
    assert losses(stopped) == expected
    one, other = load_file(whole / "model.safetensors"), load_file(stopped / "model.safetensors")
    assert all((one[name] == other[name]).all() for name in one)


def test_a_few_steps_on_synthetic_clips_lower_the_loss_and_a_recogniser_takes_the_encoder(tmp_path: Path) -> None:
    fast = ["data.train.num_clips=128", "run.accumulation=1", "optimiser.lr=0.1", "optimiser.warmup_epochs=0.2"]
    recipe = load_pretraining_recipe(SYNTHETIC, [*SMALL, *fast, "run.epochs=2"])
    result = pretrain(recipe, tmp_path / "run", progress=False)
    seen = [loss for _, loss in losses(tmp_path / "run")]
    assert result.steps == len(seen) == 32
    assert np.mean(seen[-8:]) < 0.97 * np.mean(seen[:4])

    with pytest.warns(CheckpointWarning, match="fc_norm and head start fresh"):
        model = create_model("videomae_tiny", checkpoint=result.model, num_classes=5, crop=32)
    pretrained = load_file(result.model)
    assert all(
        (value == pretrained[f"encoder.{key}"]).all()
        for key, value in model.blocks.state_dict(prefix="blocks.").items()
    )
    assert list((tmp_path / "run").rglob("events.out*"))


def test_weight_decay_spares_vectors_and_the_mask_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[int]] = []

    def spy(self, model, optimiser, num_videos) -> None:
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        free = [group for group in optimiser.param_groups if group["weight_decay"] == 0]
        seen.append({names[id(parameter)] for group in free for parameter in group["params"]})
        raise RecipeError("seen")

    monkeypatch.setattr(TrainingLoop, "prepare", spy)
    with pytest.raises(RecipeError, match="seen"):
        pretrain(load_pretraining_recipe(SYNTHETIC, SMALL), tmp_path / "run", progress=False)
    assert {"mask_token", "encoder.norm.weight", "encoder.blocks.0.attn.q_bias"} <= seen[0]
    assert "encoder.patch_embed.proj.weight" not in seen[0]


def test_videos_are_found_in_folders_lists_and_shards(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(f"{clip.name} 7\n")
    write_shards(clip.parent, tmp_path / "shards")
    spec = create_pretraining_model("videomae_pretraining_tiny").spec
    for train in (
        f"{{kind: videos, root: '{clip.parent}'}}",
        f"{{kind: videos, root: '{clip.parent}', list: '{tmp_path / 'list.txt'}'}}",
        f"{{kind: shards, paths: '{tmp_path / 'shards'}', frame_stride: 1}}",
    ):
        recipe = load_pretraining_recipe(SYNTHETIC, [f"data.train={train}", "data.repeats=2"])
        sample = unlabelled_data(recipe, spec)[0]
        assert sample.clip.shape == (2, 3, spec.num_frames, spec.crop, spec.crop)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("data.train={kind: videos}", "names no videos; expected a root"),
        ("data.repeats=2", "data.repeats is 2; a synthetic clip is one view"),
        ("run.show_evry=1", "unknown key 'run.show_evry'; did you mean show_every"),
        ("data.train={kind: shards, paths: x, strid: 2}", "data.train.strid'; did you mean frame_stride?"),
        ("data.train.num_clips=15", "the training set has 15 videos; one step takes 16"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_one_sentence(override: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as error:
        pretrain(load_pretraining_recipe(SYNTHETIC, [*SMALL, override]), tmp_path / "run", progress=False)
    assert sentence in str(error.value)


def test_the_log_is_lines_of_json(tmp_path: Path) -> None:
    pretrain(load_pretraining_recipe(SYNTHETIC, [*SMALL, "run.epochs=1"]), tmp_path / "run", progress=False)
    records = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert set(records[0]) == {"step", "epoch", "loss", "lr"}


def test_a_run_that_can_read_no_video_ends_with_an_error_and_without_weights(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    for number in range(9):
        (tmp_path / "videos" / f"{number}.mp4").write_bytes(b"not a video")
    small = [one for one in SMALL if "data.train" not in one and "accumulation" not in one]
    recipe = load_pretraining_recipe(SYNTHETIC, [*small, f"data.train={{kind: videos, root: {tmp_path}/videos}}"])
    with pytest.raises(RecipeError, match=r"none of the \d videos of an epoch could be read; the first: .*\.mp4"):
        pretrain(recipe, tmp_path / "run", progress=False)
    assert not (tmp_path / "run" / "model.safetensors").exists()
