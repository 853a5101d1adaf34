import json

import pytest
from typer.testing import CliRunner

import tubelet.inference.recognition as recognition
from tubelet.cli import app
from tubelet.errors import TubeletError
from tubelet.inference import RecognitionResult


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The command, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, ["recognize", *map(str, words)])


@pytest.fixture
def folder(tmp_path, clip, long_video):
    """Two videos and a broken one between them."""
    inside = tmp_path / "videos"
    inside.mkdir()
    (inside / "a.mp4").write_bytes(clip.read_bytes())
    (inside / "b.mp4").write_bytes(b"not a video")
    (inside / "c.mp4").write_bytes(long_video.read_bytes())
    return inside


def test_a_clip_prints_as_a_table_of_labels(run, checkpoint, clip):
    outcome = run(clip, "--checkpoint", checkpoint, "--top", 2)
    assert outcome.exit_code == 0
    assert outcome.stdout.count("%") == 2
    assert clip.name in outcome.stdout.replace("\n", "")
    assert "segments" not in outcome.stdout


def test_a_long_video_prints_its_segments(run, checkpoint, long_video):
    outcome = run(long_video, "--checkpoint", checkpoint, "--threshold", 0)
    assert "in 11 windows" in outcome.stdout
    assert "0:06.00" in outcome.stdout


def test_json_is_all_that_stands_on_stdout(run, checkpoint, folder):
    outcome = run(folder, "--checkpoint", checkpoint, "--json")
    first, second, third = json.loads(outcome.stdout)["videos"]
    assert RecognitionResult.from_dict(first).labels
    assert "b.mp4" in second["error"]
    assert len(RecognitionResult.from_dict(third).timeline.windows) == 11
    assert outcome.exit_code == 1
    assert not list(folder.parent.glob("*.jsonl"))


def test_a_broken_video_does_not_stop_the_others_but_shows_in_the_exit_code(run, checkpoint, folder):
    outcome = run(folder, "--checkpoint", checkpoint)
    assert outcome.exit_code == 1
    assert [name in outcome.stdout.replace("\n", "") for name in ("a.mp4", "c.mp4")] == [True, True]
    assert "b.mp4" in outcome.stderr
    assert "1 of 3 videos could not be recognised" in outcome.stderr
    assert len((folder.parent / "recognition.jsonl").read_text().splitlines()) == 3


def test_the_same_command_again_only_tries_what_failed(run, checkpoint, folder, monkeypatch):
    run(folder, "--checkpoint", checkpoint, "--output", "out.jsonl")
    (folder / "b.mp4").unlink()
    monkeypatch.setattr(recognition.Recognizer, "__call__", lambda *_, **__: pytest.fail("a video was done twice"))
    outcome = run(folder, "--checkpoint", checkpoint, "--output", "out.jsonl")
    assert outcome.exit_code == 0
    assert "a.mp4" in outcome.stdout.replace("\n", "")


def test_a_report_holds_the_videos_and_the_failures(run, checkpoint, folder):
    run(folder, "--checkpoint", checkpoint, "--report", "out.html")
    page = (folder.parent / "out.html").read_text()
    assert page.count('<script type="text/plain" id="media-') == 2
    assert "b.mp4" in page


def test_nothing_found_is_an_error(run, checkpoint, tmp_path):
    (tmp_path / "empty").mkdir()
    outcome = run("empty", "--checkpoint", checkpoint)
    assert outcome.exit_code != 0
    assert isinstance(outcome.exception, TubeletError)
    assert "no video was found in empty" in str(outcome.exception)


def test_without_a_checkpoint_it_says_which_weights_are_used(run, checkpoint, clip, monkeypatch):
    real = recognition.create_model
    monkeypatch.setattr(recognition, "create_model", lambda name, **_: real(name, checkpoint=checkpoint))
    outcome = run(clip)
    assert "know only the 3 motions of its synthetic benchmark" in outcome.stderr
    assert "--checkpoint" in outcome.stderr
    assert "synthetic benchmark" not in run(clip, "--checkpoint", checkpoint).stderr


def test_names_of_classes_come_from_a_file(run, checkpoint, clip, tmp_path):
    (tmp_path / "names.txt").write_text("one\ntwo\nthree\n")
    outcome = run(clip, "--checkpoint", checkpoint, "--classes", "names.txt")
    assert "three" in outcome.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--views", "five"], "--views five"),
        (["--views", "5x2"], "num_crops is 2"),
        (["--classes", "none.txt"], "none.txt"),
        (["--hop", "-1"], "hop is -1"),
    ],
)
def test_a_wrong_option_is_one_sentence(run, checkpoint, clip, options, said):
    outcome = run(clip, "--checkpoint", checkpoint, *options)
    assert isinstance(outcome.exception, TubeletError)
    assert said in str(outcome.exception)


def test_help_shows_an_example():
    assert "tubelet recognize" in CliRunner().invoke(app, ["recognize", "--help"]).stdout
