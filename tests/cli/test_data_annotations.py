"""`tubelet data check`, `stats`, `formats` and `convert`, as they are typed."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from tubelet.annotations import AnnotationError, Segment, Tube, Video, load_videos, save_videos
from tubelet.cli.data import app
from tubelet.errors import TubeletError


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "200"})


@pytest.fixture
def annotations(tmp_path):
    """Two segments and a tube in a video of ten seconds; the second segment ends after it."""
    segments = (Segment(0.0, 2.0, "run"), Segment(8.0, 11.0, "jump"))
    tube = Tube(np.array([0.0, 0.1]), np.tile([0.1, 0.1, 0.5, 0.5], (2, 1)), "run")
    path = tmp_path / "set.json"
    save_videos(
        path, [Video("a.mp4", 10.0, 10.0, 64, 48, 100, "train", segments=segments, tubes=(tube,))], ["run", "jump"]
    )
    return path


def test_warnings_are_shown_and_the_status_is_0(annotations):
    result = run("check", annotations)
    assert result.exit_code == 0
    assert "ends after the video" in result.output
    assert "'jump' 8 to 11 s; the video lasts 10 s" in result.output
    assert "1 videos, 3 instances, 2 boxes looked over, 0 files opened: no errors" in result.output


def test_an_error_is_shown_and_saved_and_the_status_is_1(annotations, tmp_path):
    (tmp_path / "videos").mkdir()
    result = run("check", annotations, "--videos", tmp_path / "videos", "-o", tmp_path / "findings.json")
    assert result.exit_code == 1
    assert "video is missing" in result.output
    kinds = {one["kind"] for one in json.loads((tmp_path / "findings.json").read_text())["findings"]}
    assert kinds == {"video is missing", "ends after the video"}


def test_stats_are_printed_and_saved_with_their_picture(annotations, tmp_path):
    result = run("stats", annotations, "-o", tmp_path / "stats")
    assert result.exit_code == 0
    assert "instances a video" in result.output
    figures = json.loads((tmp_path / "stats/stats.json").read_text())
    assert (figures["videos"], figures["instances"], figures["late"]) == (1, 3, 1)
    assert (tmp_path / "stats/stats.png").stat().st_size > 10_000


def test_stats_of_a_subset_that_is_not_there_name_those_that_are(annotations):
    error = run("stats", annotations, "--subset", "val").exception
    assert isinstance(error, AnnotationError)
    assert str(error).endswith("set.json has no subset 'val'; expected one of ['train'].")


def test_the_formats_are_listed_with_what_they_take():
    lines = run("formats").output.splitlines()
    (cvat,) = (line for line in lines if line.startswith("│ cvat "))
    assert "annotations.xml" in cvat
    assert "frame_rate, attribute" in cvat


def test_annotations_are_converted_there_and_back(annotations, tmp_path):
    assert run("convert", annotations, tmp_path / "tasks.json", "--to", "label_studio").exit_code == 0
    result = run("convert", tmp_path / "tasks.json", tmp_path / "back.json", "--to", "tubelet")
    assert "1 videos from label_studio to tubelet" in result.output
    (video,) = load_videos(tmp_path / "back.json")
    assert ("run", 0.0, 2.0) in [(one.label, one.start, one.end) for one in video.segments]
    assert len(video.tubes) == 1


def test_what_the_other_format_cannot_hold_is_said(annotations, tmp_path):
    result = run("convert", annotations, tmp_path / "anet.json", "--to", "activitynet")
    assert "anet.json has no place for 1 tube of the set." in result.output


def test_options_reach_the_format_that_takes_them(annotations, tmp_path):
    run("convert", annotations, tmp_path / "task.xml", "--to", "cvat")
    result = run("convert", tmp_path / "task.xml", tmp_path / "back.json", "--to", "tubelet", "-O", "frame_rate=10")
    assert result.exit_code == 0
    assert load_videos(tmp_path / "back.json").videos[0].duration == 10.0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--to", "cavt"), "there is no format 'cavt'; did you mean cvat"),
        (
            ("--to", "cvat", "-O", "rate=3"),
            "the option 'rate' was given; reading tubelet and writing cvat take no options.",
        ),
        (("--to", "cvat", "-O", "rate"), "the option 'rate' is not of the form key=value, such as frame_rate=25."),
        (("--to", "class_folders"), "the format 'class_folders' cannot be written;"),
    ],
)
def test_what_cannot_be_converted_is_one_sentence(annotations, tmp_path, arguments, sentence):
    error = run("convert", annotations, tmp_path / "out", *arguments).exception
    assert isinstance(error, TubeletError)
    assert str(error).startswith(sentence)
    assert "\n" not in str(error)
