"""MultiTHUMOS and Charades, small files by hand and the real ones where they are at hand.

Counts of the real files are those of the data-set facts.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from tubelet.annotations import AnnotationError, Segment, VideoSet
from tubelet.annotations.charades import (
    read_charades,
    read_charades_classes,
    read_charades_json,
    write_charades,
    write_charades_json,
)
from tubelet.annotations.multithumos import read_multithumos, write_multithumos
from tubelet.annotations.segment_rows import KEY, ReversedSegmentsWarning
from tubelet.annotations.text_files import read_json, read_text

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "annotations"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the real annotation files are not here")

DENSE = {
    "46GP8": {
        "subset": "training",
        "duration": 24.83,
        "actions": [[92, 13.0, 11.9], [92, 11.9, 21.2], [147, 0.0, 30.0]],
    },
    "empty": {"subset": "testing", "duration": 8.0, "actions": []},
}
TABLE = """id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length
46GP8,HR43,Kitchen,6,7,Yes,"A person cooks, then eats.",food;stove,Cooking.,c092 11.90 21.20;c147 0.00 30.00,24.83
N11GT,0KZ7,Stairs,4,7,Yes,,bag,,,18.33
"""


@pytest.fixture
def written(tmp_path):
    def write(content, name="given.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_a_dense_file_comes_back_with_its_reversed_segments_in_their_places(written, tmp_path):
    with pytest.warns(ReversedSegmentsWarning, match=r"1 segments .* 46GP8: \[92, 13.0, 11.9\]"):
        videos = read_charades_json(written(DENSE))
    assert videos.videos[0].segments == (Segment(11.9, 21.2, "c092"), Segment(0.0, 30.0, "c147"))
    write_charades_json(tmp_path / "back.json", videos)
    assert json.loads((tmp_path / "back.json").read_text()) == DENSE


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0, 1.0, 2.0], "has the class 0; expected 1 to 65"),
        ([66, 1.0, 2.0], "has the class 66; expected 1 to 65"),
        (["7", 1.0, 2.0], "has the class '7'"),
        ([7, 1.0], r"is \[7, 1.0\]; expected \[class, start, end\]"),
        ([7, float("nan"), 2.0], r"has the segment \[nan, 2.0\]"),
    ],
)
def test_an_action_that_is_none_is_an_error_with_file_video_and_value(written, row, message):
    content = {"video_test_1": {"subset": "testing", "duration": 5.0, "actions": [row]}}
    with pytest.raises(AnnotationError, match=rf"given\.json: video video_test_1, action 1 {message}"):
        read_multithumos(written(content))


def test_the_first_class_of_multithumos_has_the_number_one(written, tmp_path):
    content = {"video_test_1": {"subset": "testing", "duration": 5.0, "actions": [[1, 1.0, 2.0], [65, 1.0, 1.0]]}}
    videos = read_multithumos(written(content))
    assert [videos.class_index(segment.label) for segment in videos.videos[0].segments] == [0, 64]
    write_multithumos(tmp_path / "back.json", videos)
    assert json.loads((tmp_path / "back.json").read_text()) == content


def test_the_official_csv_of_charades_comes_back_to_the_byte(written, tmp_path):
    videos = read_charades(written(TABLE, "given.csv"), subset="train")
    assert videos.videos[0].segments == (Segment(11.9, 21.2, "c092"), Segment(0.0, 30.0, "c147"))
    assert videos.videos[0].extra["script"] == "A person cooks, then eats."
    assert videos.videos[1].segments == ()
    write_charades(tmp_path / "back.csv", videos)
    assert (tmp_path / "back.csv").read_text() == TABLE


def test_the_reversed_segments_of_the_official_csv_are_told_and_come_back(written, tmp_path):
    table = TABLE.replace("c092 11.90 21.20", "c092 21.90 21.20")
    with pytest.warns(ReversedSegmentsWarning, match=r"46GP8: 'c092 21.90 21.20'"):
        videos = read_charades(written(table, "given.csv"))
    write_charades(tmp_path / "back.csv", videos)
    assert (tmp_path / "back.csv").read_text() == table


def test_the_names_of_the_classes_come_from_the_official_list(written):
    classes = written("c000 Holding some clothes\nc001 Putting clothes somewhere\n", "classes.txt")
    assert read_charades_classes(classes) == ("Holding some clothes", "Putting clothes somewhere")
    table = written(TABLE.replace("c092", "c001").replace("c147", "c000"), "given.csv")
    videos = read_charades(table, classes=classes)
    assert videos.videos[0].segments[0].label == "Putting clothes somewhere"


def test_a_list_of_classes_with_a_gap_is_an_error_with_its_line(written):
    with pytest.raises(AnnotationError, match=r"classes\.txt: line 2 is 'c002 b'; expected \"c001 <name>\""):
        read_charades_classes(written("c000 a\nc002 b\n", "classes.txt"))


def test_an_action_out_of_range_in_the_csv_is_an_error_with_file_line_and_value(written):
    with pytest.raises(AnnotationError, match=r"given\.csv: line 2 has the action 'c157 11.90 21.20'"):
        read_charades(written(TABLE.replace("c092", "c157"), "given.csv"))


@real
@pytest.mark.filterwarnings("ignore::tubelet.annotations.segment_rows.ReversedSegmentsWarning")
@pytest.mark.parametrize(
    ("name", "read", "write", "videos", "instances"),
    [
        ("charades", read_charades_json, write_charades_json, (7983, 1863), (49803, 16691)),
        ("multithumos", read_multithumos, write_multithumos, (200, 213), (18482, 20208)),
    ],
)
def test_the_real_dense_files_have_their_counts_and_come_back(name, read, write, videos, instances, tmp_path):
    source = SHARED / name / f"{name}.json.gz"
    found = read(source)
    of_subset = Counter(video.subset for video in found)
    # Seven segments of Charades' training videos are reversed.
    rows = Counter(video.subset for video in found for _ in (*video.segments, *video.extra.get(KEY, ())))
    assert (of_subset["training"], of_subset["testing"]) == videos
    assert (rows["training"], rows["testing"]) == instances
    write(tmp_path / "back.json", found)
    assert read_json(tmp_path / "back.json", "json") == read_json(source, "json")


@real
@pytest.mark.filterwarnings("ignore::tubelet.annotations.segment_rows.ReversedSegmentsWarning")
def test_charades_goes_from_the_json_to_the_official_csv_and_back(tmp_path):
    found = read_charades_json(SHARED / "charades" / "charades.json.gz")
    videos = VideoSet(tuple(video for video in found if not video.extra), found.classes)
    write_charades(tmp_path / "a.csv", videos)
    assert "c149 16.00 22.20;" in read_text(tmp_path / "a.csv", "csv")  # the first video of the json
    back = read_charades(tmp_path / "a.csv")
    assert [(video.path, video.duration, video.segments) for video in back] == [
        (video.path, video.duration, video.segments) for video in videos
    ]
