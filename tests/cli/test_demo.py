import json

import pytest
from typer.testing import CliRunner

import tubelet.inference.recognition as recognition
from tubelet.annotations import Segment, Video
from tubelet.checkpoints import create_model, save_checkpoint
from tubelet.cli import app
from tubelet.cli.demo import agreement
from tubelet.datasets.synthetic import CLASSES
from tubelet.inference import RecognitionResult
from tubelet.video import VideoReader


@pytest.fixture
def untrained(tmp_path, monkeypatch):
    """In place of the shipped weights ones that know nothing, so that the test does not depend on a training run."""
    path = tmp_path / "untrained.safetensors"
    save_checkpoint(path, create_model("videomae_tiny"), name="videomae_tiny", classes=CLASSES)
    real = recognition.create_model
    monkeypatch.setattr(recognition, "create_model", lambda name, **_: real(name, checkpoint=path))


def test_the_demo_writes_a_video_a_page_and_results_and_says_where(untrained, tmp_path):
    folder = tmp_path / "demo"
    outcome = CliRunner().invoke(app, ["demo", "--output", str(folder), "--seconds", "4"], catch_exceptions=False)
    assert outcome.exit_code == 0
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["annotated.mp4", "report.html", "result.json", "scene.mp4", "timeline.png"]
    assert "report.html" in outcome.stdout.replace("\n", "")
    with VideoReader(folder / "scene.mp4") as scene, VideoReader(folder / "annotated.mp4") as annotated:
        assert len(scene) == len(annotated) == 64
        assert annotated.metadata.height > scene.metadata.height
    assert len(RecognitionResult.load(folder / "result.json").timeline.windows) == 25  # every eighth of a second
    assert json.loads((folder / "result.json").read_text())["model"] == "videomae_tiny (synthetic)"


def test_agreement_is_the_share_of_the_truths_time_with_the_same_label():
    truth = Video("v", segments=(Segment(0, 2, "run"), Segment(3, 5, "jump")))
    found = Video("v", segments=(Segment(0, 1.5, "run"), Segment(1.5, 4, "jump"), Segment(4, 5, "run")))
    # run from 0 to 1.5, jump from 3 to 4: 2.5 of 4 seconds
    assert agreement(found, truth) == pytest.approx(2.5 / 4)


def test_help_shows_an_example():
    assert "tubelet demo" in CliRunner().invoke(app, ["demo", "--help"]).stdout
