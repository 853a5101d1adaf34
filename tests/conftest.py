"""Small real things that tests of several rooms need, made once a session; imports stand inside the fixtures."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("tubelet", deadline=None)  # a loaded machine is no failure
settings.load_profile("tubelet")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """A tiny network of random weights with three classes, as one of our checkpoint files."""
    import torch

    from tubelet.checkpoints import create_model, save_checkpoint

    torch.manual_seed(0)
    model = create_model("videomae_tiny", num_classes=3)
    with torch.no_grad():
        model.head.weight.normal_(std=1.0)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(path, model, name="videomae_tiny", classes=["run", "jump", "wave"])
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """A video of 24 frames in one and a half seconds, where the tiny network sees 16."""
    return _write_scene(tmp_path_factory.mktemp("videos") / "clip.mp4", 1.5)


@pytest.fixture(scope="session")
def long_video(tmp_path_factory) -> Path:
    """A video of 96 frames in six seconds."""
    return _write_scene(tmp_path_factory.mktemp("videos") / "long.mp4", 6.0)


def _write_scene(path: Path, seconds: float) -> Path:
    from tubelet.datasets.synthetic import synthetic_video
    from tubelet.video import VideoWriter

    scene = synthetic_video("test", 0, seconds, (72, 96), num_actors=1)
    with VideoWriter(path, frame_rate=scene.frame_rate) as writer:
        for frame in scene.render():
            writer.write(frame)
    return path
