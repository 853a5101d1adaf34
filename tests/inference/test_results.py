import json

import numpy as np
import pytest

from tubelet.annotations import Label, Segment, Video
from tubelet.inference import RecognitionResult, ResultError, Timeline


@pytest.fixture
def result():
    video = Video(
        "run.mp4",
        2.0,
        25.0,
        320,
        240,
        50,
        labels=(Label("run", 0.75), Label("walk", 0.125)),
        segments=(Segment(0.0, 1.5, "run", 0.5),),
    )
    timeline = Timeline(np.array([[0.0, 1.0], [1.0, 2.0]]), np.float32([[0.5, 0.25], [0.75, 0.125]]), ("run", "walk"))
    return RecognitionResult(video, "videomae_tiny (x)", timeline, ("run.mp4 is damaged: frame 3.",))


def test_a_result_comes_back_from_its_file_as_it_was(result, tmp_path):
    result.save(tmp_path / "run.json")
    loaded = RecognitionResult.load(tmp_path / "run.json")
    assert (loaded.video, loaded.model, loaded.warnings) == (result.video, result.model, result.warnings)
    np.testing.assert_array_equal(loaded.timeline.windows, result.timeline.windows)
    np.testing.assert_array_equal(loaded.timeline.scores, result.timeline.scores)
    assert loaded.timeline.classes == ("run", "walk")
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_result_prints_as_a_table_of_labels_and_segments(result):
    printed = str(result)
    assert "run.mp4" in printed
    assert "75.0%" in printed
    assert "0:01.50" in printed
    assert "frame 3" in printed


def test_only_the_first_segments_of_a_long_video_are_printed(result):
    segments = tuple(Segment(float(k), k + 1.0, f"label {k}", 0.5) for k in range(100))
    printed = str(RecognitionResult(Video("long.mp4", segments=segments), "m", result.timeline))
    assert "label 39 " in printed
    assert "label 40 " not in printed
    assert "60 more" in printed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not whole JSON"),
        ("[]", "format"),
        (json.dumps({"format": "tubelet.recognition", "version": 99}), "version 1"),
        (json.dumps({"format": "tubelet.recognition", "version": 1}), "do not fit"),
    ],
)
def test_a_file_that_holds_something_else_is_named_in_the_error(tmp_path, text, said):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(ResultError, match=said) as error:
        RecognitionResult.load(path)
    assert "other.json" in str(error.value)


def test_a_missing_file_is_named_in_the_error(tmp_path):
    with pytest.raises(ResultError, match="no such file"):
        RecognitionResult.load(tmp_path / "none.json")
