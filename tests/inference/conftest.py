from pathlib import Path

import pytest
import torch

from tubelet.checkpoints import create_model, save_checkpoint
from tubelet.datasets.synthetic import synthetic_video
from tubelet.video import VideoWriter

CLASSES = ["run", "jump", "wave"]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """A tiny network with random weights that tells three classes apart more or less at random."""
    torch.manual_seed(0)
    model = create_model("videomae_tiny", num_classes=3)
    with torch.no_grad():
        model.head.weight.normal_(std=1.0)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(path, model, name="videomae_tiny", classes=CLASSES)
    return path


def write_scene(path: Path, seconds: float, size: tuple[int, int] = (72, 96)) -> Path:
    scene = synthetic_video("test", 0, seconds, size, num_actors=1)
    with VideoWriter(path, frame_rate=scene.frame_rate) as writer:
        for frame in scene.render():
            writer.write(frame)
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """One and a half seconds: 24 frames, where the network sees 16."""
    return write_scene(tmp_path_factory.mktemp("videos") / "clip.mp4", 1.5)


@pytest.fixture(scope="session")
def long_video(tmp_path_factory) -> Path:
    """Six seconds: 96 frames."""
    return write_scene(tmp_path_factory.mktemp("videos") / "long.mp4", 6.0)
