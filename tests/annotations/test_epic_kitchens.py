"""EPIC-KITCHENS-100, small files by hand and the real ones where they are at hand; counts are those of the facts."""

import json
from pathlib import Path

import pytest

from tubelet.annotations import AnnotationError, Segment, Video, VideoSet
from tubelet.annotations.epic_kitchens import (
    read_epic_kitchens,
    read_epic_results,
    write_epic_kitchens,
    write_epic_results,
)
from tubelet.annotations.text_files import read_text

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "annotations" / "epic100"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the real annotation files are not here")

HEADER = (
    "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,stop_frame,"
    "narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes\n"
)
ROW = (
    "P01_11_1,P01,P01_11,00:00:01.700,01:00:01.56,01:00:02.45,93,147,put plate,put-down,1,plate,2,"
    "\"['plate', 'cup']\",\"[2, 1]\"\n"
)
VERBS, NOUNS = ("take", "put"), ("tap", "cup", "plate")
CLASSES = {"verbs": VERBS, "nouns": NOUNS}
RESULTS = {
    "version": "0.2",
    "challenge": "action_detection",
    "sls_pt": 2,
    "results": {"P01_11": [{"verb": 1, "noun": 2, "action": "1,2", "score": 0.5, "segment": [1.5, 2.5]}]},
}


@pytest.fixture
def written(tmp_path):
    def write(content, name="given.csv"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


@pytest.mark.parametrize(
    ("task", "label", "index"), [("verb", "put", 1), ("noun", "plate", 2), ("action", "put plate", 5)]
)
def test_a_row_is_a_segment_of_each_task_and_comes_back_to_the_byte(written, tmp_path, task, label, index):
    source = written(HEADER + ROW)
    videos = read_epic_kitchens(source, task=task, **CLASSES)
    segment = videos.videos[0].segments[0]
    assert (segment.start, segment.end, segment.label) == (3601.56, 3602.45, label)
    assert videos.class_index(label) == index
    write_epic_kitchens(tmp_path / "back.csv", videos, task=task, **CLASSES)
    assert (tmp_path / "back.csv").read_text() == source.read_text()


def test_the_names_of_the_classes_come_from_the_files_beside(written):
    written("id,key,instances,category\n0,take,\"['a', 'b']\",x\n1,put,['c'],y\n", "EPIC_100_verb_classes.csv")
    written("id,key,instances,category\n0,tap,,\n1,cup,,\n2,plate,,\n", "EPIC_100_noun_classes.csv")
    assert read_epic_kitchens(written(HEADER + ROW)).classes[5] == "put plate"


def test_the_facts_of_a_video_come_from_the_csv_of_videos(written):
    info = written("video_id,duration,fps,resolution\nP01_11,4000.5,59.94,1920x1080\n", "info.csv")
    video = read_epic_kitchens(written(HEADER + ROW), info=info, **CLASSES).videos[0]
    assert (video.duration, video.frame_rate, video.width, video.height) == (4000.5, 59.94, 1920, 1080)


def test_a_segment_of_our_own_gets_frames_at_the_nominal_rate(tmp_path):
    segment = Segment(1.56, 2.45, "put plate")
    write_epic_kitchens(
        tmp_path / "a.csv", VideoSet((Video("P01_11", frame_rate=59.94, segments=(segment,)),)), **CLASSES
    )
    row = (tmp_path / "a.csv").read_text().splitlines()[1]
    assert row == "P01_11_0,P01,P01_11,,00:00:01.56,00:00:02.45,93,147,put plate,put,1,plate,2,[],[]"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",put-down,1,", ",put-down,2,", "has the verb '2'; expected 0 to 1"),
        (",plate,2,", ",plate,-1,", "has the noun '-1'; expected 0 to 2"),
        ("01:00:01.56", "1.56", "has the time '1.56'; expected hours:minutes:seconds"),
        ("01:00:01.56", "01:00:03.56", "ends at 01:00:02.45, before it starts"),
        ("P01_11_1,P01,", "P01_11_1,", "has 14 cells; expected 15"),
    ],
)
def test_a_row_that_is_none_is_an_error_with_file_line_and_value(written, old, new, message):
    with pytest.raises(AnnotationError, match=rf"given\.csv: line 2 {message}"):
        read_epic_kitchens(written(HEADER + ROW.replace(old, new)), **CLASSES)


def test_a_submission_serves_all_tasks_and_comes_back(written, tmp_path):
    source = written(RESULTS, "given.json")
    for task, label in (("verb", "put"), ("noun", "plate"), ("action", "put plate")):
        videos = read_epic_results(source, task=task, **CLASSES)
        segment = videos.videos[0].segments[0]
        assert (segment.start, segment.end, segment.label, segment.score) == (1.5, 2.5, label, 0.5)
    write_epic_results(tmp_path / "back.json", videos, **CLASSES)
    assert json.loads((tmp_path / "back.json").read_text()) == RESULTS


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("verb", 2, "has the verb 2; expected 0 to 1"),
        ("score", float("nan"), "has the score nan"),
        ("segment", [2.0, 1.0], r"has the segment \[2.0, 1.0\], which ends before it starts"),
    ],
)
def test_a_result_that_is_none_is_an_error_with_file_video_and_value(written, field, value, message):
    entry = RESULTS["results"]["P01_11"][0] | {field: value}
    with pytest.raises(AnnotationError, match=rf"given\.json: video P01_11, result 1 {message}"):
        read_epic_results(written({"results": {"P01_11": [entry]}}, "given.json"), **CLASSES)


@real
@pytest.mark.parametrize(("task", "classes", "occur"), [("verb", 97, 78), ("noun", 300, 211), ("action", 29100, 1352)])
def test_the_real_segments_have_their_counts_and_come_back_to_the_byte(task, classes, occur, tmp_path):
    source = SHARED / "EPIC_100_validation.csv.gz"
    videos = read_epic_kitchens(source, task=task, info=SHARED / "EPIC_100_video_info.csv")
    segments = [segment for video in videos for segment in video.segments]
    assert (len(videos), len(segments), len(videos.classes)) == (138, 9668, classes)
    assert len({segment.label for segment in segments}) == occur
    names = {"verbs": SHARED / "EPIC_100_verb_classes.csv", "nouns": SHARED / "EPIC_100_noun_classes.csv.gz"}
    write_epic_kitchens(tmp_path / "back.csv.gz", videos, task=task, **names)
    assert read_text(tmp_path / "back.csv.gz", "csv") == read_text(source, "csv")
