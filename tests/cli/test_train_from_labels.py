"""A recogniser trains from the export of a labelling tool, by the command alone."""

import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from tubelet.annotations import Segment, Tube, Video, VideoSet
from tubelet.annotations.cvat import write_cvat
from tubelet.cli import app
from tubelet.video import VideoWriter

RECIPE = Path(__file__).parents[2] / "recipes/recognition/your_videos/videomae_base_annotated.yaml"
SMALL = [
    "model.name=videomae_tiny",
    "model.overrides={num_frames: 4, crop: 32, patch: [2, 16, 16], embed_dim: 24, depth: 1, num_heads: 2, mlp_dim: 24}",
    "data.workers=0",
    "data.augmentation.repeats=1",
    "run.batch_size=2",
    "run.epochs=1",
    "run.views=[1, 1]",
]


def label(folder, part, name, rate=8):
    """A video of three seconds with a track and a tagged second, and its export from CVAT."""
    with VideoWriter(folder / f"videos/{name}.mp4", frame_rate=rate) as writer:
        for frame in range(3 * rate):
            writer.write(np.full((48, 48, 3), 9 * frame, np.uint8))
    times, boxes = np.arange(8) / rate, np.tile([0.0, 0.0, 0.5, 0.5], (8, 1))
    segments = (Segment(1.0, 2.0, "jump"),)
    video = Video(f"{name}.mp4", 3.0, rate, 48, 48, 3 * rate, None, (), segments, (), (Tube(times, boxes, "run"),))
    write_cvat(folder / f"labels/{part}/{name}.xml", VideoSet((video,), ("run", "jump")))


def test_two_steps_from_exports_of_cvat(tmp_path, monkeypatch):
    for folder in ("videos", "labels/train", "labels/val"):
        (tmp_path / folder).mkdir(parents=True)
    for part, name in (("train", "a"), ("train", "b"), ("val", "c")):
        label(tmp_path, part, name)
    monkeypatch.chdir(tmp_path)
    rates = ["data.train.options={frame_rate: 8}", "data.validation.options={frame_rate: 8}"]
    result = CliRunner().invoke(app, ["train", str(RECIPE), *SMALL, *rates, "--output", "run"])
    assert result.exit_code == 0, result.output
    steps = [json.loads(line) for line in Path("run/log.jsonl").read_text().splitlines()]
    assert max(record.get("step", 0) for record in steps) == 2  # four actions, two a step
    assert "on 2 videos" in result.output
