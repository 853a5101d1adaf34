"""The whole path learns: scenes, network, loop and figures, from scratch to far above chance."""

from pathlib import Path

import pytest

from tubelet.checkpoints import create_model
from tubelet.datasets.synthetic import SyntheticClips
from tubelet.training.evaluation import evaluate
from tubelet.training.recipe import load_recipe
from tubelet.training.recognition import train

RECIPE = Path(__file__).parents[2] / "recipes/recognition/synthetic/videomae_tiny.yaml"
SHORT = [
    "model.overrides={crop: 32, patch: [16, 4, 4]}",
    "data.train.num_clips=1600",
    "data.train.difficulty=easy",
    "data.validation.num_clips=260",
    "data.validation.difficulty=easy",
    "run.epochs=1",
    "run.ema_decay=0.98",
]


@pytest.mark.slow
def test_a_few_hundred_steps_from_scratch_tell_many_motions_apart(tmp_path: Path) -> None:
    result = train(load_recipe(RECIPE, SHORT), tmp_path / "run", progress=False)
    assert result.steps == 200
    assert result.figures.top1 > 0.5  # chance is 1 in 13, 0.077


def test_the_shipped_weights_reach_their_figure_on_videos_never_seen() -> None:
    model = create_model("videomae_tiny", checkpoint="synthetic")
    spec = model.spec
    data = SyntheticClips("test", 390, "medium", clip_frames=spec.num_frames, size=spec.crop)
    evaluation = evaluate(model, data, batch_size=39, progress=False)
    assert model.classes == data.classes
    assert evaluation.figures.top1 > 0.95  # 0.982 on the 1,300 clips of the validation split
