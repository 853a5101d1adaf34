import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tubelet.annotations import AnnotationError, Box, Label, Segment, Tube, Video, VideoSet, load_videos, save_videos

PARK = Video(
    "park.mp4",
    duration=12.0,
    frame_rate=25.0,
    width=640,
    height=360,
    num_frames=300,
    subset="train",
    labels=(Label("run", 0.93),),
    segments=(Segment(1.2, 3.4, "jump"),),
    boxes=(Box(2.0, (0.1, 0.2, 0.3, 0.9), "jump", actor="1"),),
    tubes=(Tube(np.array([1.2, 1.24]), np.array([[0.1, 0.2, 0.3, 0.9], [0.1, 0.2, 0.3, 0.8]]), "jump", 0.5, "1"),),
)


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "videos.json"
    save_videos(path, [PARK, Video("empty.mp4")], ["jump", "run"])
    assert load_videos(path) == VideoSet((PARK, Video("empty.mp4")), ("jump", "run"))
    assert [file.name for file in tmp_path.iterdir()] == ["videos.json"]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)).map(sorted), max_size=5))
def test_segments_survive_the_file_to_the_last_bit(times: list[list[float]]) -> None:
    video = Video("v", segments=tuple(Segment(start, end, "a") for start, end in times))
    assert Video.from_dict(video.to_dict()) == video


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"format": "tubelet", "version": 1, "classes"', "is not whole JSON"),
        ("[]", "is not a tubelet annotation file"),
        ('{"format": "tubelet", "version": 99, "classes": [], "videos": []}', "has version 99"),
        ('{"format": "tubelet", "version": 1, "classes": [], "videos": [{"path": "a", "lenght": 3}]}', "'lenght'"),
        ('{"format": "tubelet", "version": 1, "classes": [], "videos": [{"duration": 3}]}', "path"),
        (
            '{"format": "tubelet", "version": 1, "classes": [], '
            '"videos": [{"path": "a", "segments": [{"start": 3, "end": 1, "label": "x"}]}]}',
            "runs from 3 to 1 s",
        ),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "videos.json"
    path.write_text(content)
    with pytest.raises(AnnotationError, match=sentence) as error:
        load_videos(path)
    assert str(path) in str(error.value)


SPRINT = {"path": "a", "segments": [{"start": 1, "end": 2, "label": "run"}]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"videos": None}, r"has the videos None; expected a list\."),
        ({"videos": [SPRINT, 3]}, r": video 2 is 3; expected an object with the fields path, "),
        ({"videos": [{"path": 5}]}, r": video 1 has the path 5; expected text\."),
        ({"videos": [{}]}, r": video 1 has no path; expected text\."),
        ({"videos": [{"path": "a", "duration": "x"}]}, r": video 'a' has the duration 'x'; expected a number\."),
        ({"videos": [{"path": "a", "extra": 3}]}, r": video 'a' has the extra 3; expected an object\."),
        ({"videos": [{"path": "a", "num_frames": 2.5}]}, r"num_frames 2\.5; expected a whole number\."),
        ({"classes": None}, r"has the classes None; expected a list\."),
        ({"classes": ["run", 7]}, r"has the class 7; expected its name\."),
        ({"extra": []}, r"has the extra \[\]; expected an object\."),
    ],
)
def test_a_value_of_another_type_is_named_with_its_video(tmp_path: Path, change: dict, sentence: str) -> None:
    path = tmp_path / "videos.json"
    content = {"format": "tubelet", "version": 1, "classes": ["run"], "videos": [SPRINT]} | change
    path.write_text(json.dumps(content))
    with pytest.raises(AnnotationError, match=sentence):
        load_videos(path)


@pytest.mark.parametrize("lacking", ["classes", "videos"])
def test_a_file_without_its_classes_or_videos_is_refused(tmp_path: Path, lacking: str) -> None:
    content: dict[str, object] = {"format": "tubelet", "version": 1, "classes": [], "videos": []}
    del content[lacking]
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(AnnotationError, match=rf"a\.json has no {lacking}; expected a list\."):
        load_videos(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("segments", {"label": ["run"]}, r"segment 1 has the label \['run'\]; expected text\."),
        ("segments", {"score": True}, r"segment 1 has the score True; expected a number\."),
        ("segments", {"end": 0}, r"segment 1: segment 'run' runs from 1 to 0 s"),
        ("segments", {"ende": 0}, r"segment 1 has the unknown field 'ende'; did you mean end"),
        ("boxes", {"xyxy": [1, 2]}, r"box 1 has the xyxy \[1, 2\]; expected four numbers\."),
        ("boxes", {"xyxy": [0, 0, 1, "1"]}, r"box 1 has the xyxy .*; expected four numbers\."),
        ("tubes", {"times": ["x"]}, r"tube 1: tube 'run' has the times \['x'\]; expected numbers\."),
        ("tubes", {"boxes": [[0, 0, 1]]}, r"tube 1: tube 'run' has times of shape \(1,\) and boxes of shape \(1, 3\)"),
        (
            "tubes",
            {"boxes": [[0, 0], [1]]},
            r"tube 1: tube 'run' has the boxes \[\[0, 0\], \[1\]\]; expected numbers\.",
        ),
    ],
)
def test_an_action_that_is_none_is_named_with_its_video_and_number(kind: str, change: dict, sentence: str) -> None:
    actions: dict[str, dict[str, object]] = {
        "segments": {"start": 1, "end": 2, "label": "run"},
        "boxes": {"time": 1, "xyxy": [0, 0, 1, 1], "label": "run"},
        "tubes": {"times": [1], "boxes": [[0, 0, 1, 1]], "label": "run"},
    }
    plain = {"path": "a", kind: [actions[kind] | change]}
    with pytest.raises(AnnotationError, match=f"^video 'a', {sentence}"):
        Video.from_dict(plain, "video 'a'")


def test_tubes_whose_arrays_do_not_fit_are_refused() -> None:
    with pytest.raises(AnnotationError, match="expected \\(K,\\) and \\(K, 4\\)"):
        Tube(np.array([0.0]), np.zeros((2, 4)), "a")
    with pytest.raises(AnnotationError, match="do not ascend"):
        Tube(np.array([1.0, 1.0]), np.zeros((2, 4)), "a")


def test_a_video_prints_as_a_table_of_its_actions() -> None:
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(PARK)
    text = console.export_text()
    assert "park.mp4" in text
    assert "0.930" in text
    assert "3.40 s" in text


def test_an_unknown_class_is_named() -> None:
    with pytest.raises(AnnotationError, match="'swim'"):
        VideoSet((PARK,), ("run",)).class_index("swim")


def test_a_set_prints_as_a_table_of_its_first_videos():
    videos = tuple(Video(f"v{n}.mp4", duration=2.0, segments=(Segment(0, 1, "jump"),)) for n in range(30))
    printed = str(VideoSet(videos, ("jump",)))
    assert "30 videos, 1 classes" in printed
    assert "v19.mp4" in printed
    assert "v20.mp4" not in printed
    assert "and 10 more" in printed
    assert "jump" in str(videos[0])
