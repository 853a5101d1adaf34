"""Something-Something v2, small files by hand and the real ones where they are at hand."""

import json
from pathlib import Path

import pytest

from tubelet.annotations import AnnotationError, Label, Video
from tubelet.annotations.something_something import mirrored_classes, read_something_something

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "annotations" / "sthv2"
LABELS = {
    "Pushing something from right to left": "1",
    "Pushing something from left to right": "0",
    "Closing something": "2",
}


@pytest.fixture
def written(tmp_path):
    def write(videos, labels=LABELS):
        for name, content in (("videos.json", videos), ("labels.json", labels)):
            (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
        return tmp_path / "videos.json", tmp_path / "labels.json"

    return write


def test_the_template_without_brackets_is_the_class(written):
    entries = [
        {"id": "7", "label": "pushing a cup from left to right", "template": "Pushing [something] from left to right"},
        {"id": 12},
    ]
    videos = read_something_something(*written(entries), subset="train")
    assert videos.classes == tuple(sorted(LABELS, key=LABELS.get))
    extra = {"label": "pushing a cup from left to right", "template": "Pushing [something] from left to right"}
    labels = (Label("Pushing something from left to right"),)
    assert videos.videos[0] == Video("7.webm", subset="train", labels=labels, extra=extra)
    assert videos.videos[1] == Video("12.webm", subset="train")
    assert videos.class_index(videos.videos[0].labels[0].name) == 0


def test_mirroring_swaps_left_and_right_and_leaves_out_what_has_no_mirror_image():
    classes = [*LABELS, "Turning the camera left", "Leftover moving upright"]
    assert mirrored_classes(classes) == {
        "Pushing something from left to right": "Pushing something from right to left",
        "Pushing something from right to left": "Pushing something from left to right",
        "Closing something": "Closing something",
        "Leftover moving upright": "Leftover moving upright",
    }


@pytest.mark.parametrize(
    ("videos", "labels", "message"),
    [
        ("[{", LABELS, r"videos\.json: line 1 is not JSON"),
        ({}, LABELS, r"videos\.json holds no list"),
        ([{"template": "Closing [something]"}], LABELS, "entry 1 is .* expected a video with id"),
        ([{"id": 1, "template": "Eating [something]"}], LABELS, r"entry 1 has the template 'Eating \[something\]'"),
        ([], [], r"labels\.json holds no templates"),
        ([], {"Closing something": "one"}, r"labels\.json has an index that is no number"),
        ([], {"Closing something": "1"}, "do not have the indices 0 to 0"),
    ],
)
def test_a_wrong_file_is_an_error_with_file_entry_and_value(written, videos, labels, message):
    with pytest.raises(AnnotationError, match=message):
        read_something_something(*written(videos, labels))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the official files are not beside the checkout")
def test_the_official_validation_set_holds_what_it_is_known_to_hold():
    videos = read_something_something(
        SHARED / "something-something-v2-validation.json.gz", SHARED / "something-something-v2-labels.json"
    )
    assert len(videos) == 24777
    assert len(videos.classes) == 174
    assert videos.videos[0].path == "74225.webm"
    assert videos.videos[0].labels == (Label("Spinning something that quickly stops spinning"),)
    mirrored = mirrored_classes(videos.classes)
    assert len(mirrored) == 174  # every class with a direction has its mirror image among the classes
    assert {name for name, other in mirrored.items() if name != other} == {
        "Pulling something from left to right",
        "Pulling something from right to left",
        "Pushing something from left to right",
        "Pushing something from right to left",
        "Turning the camera left while filming something",
        "Turning the camera right while filming something",
    }
