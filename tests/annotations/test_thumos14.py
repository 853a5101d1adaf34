"""THUMOS'14 in all its forms, small files by hand and the real ones where they are at hand.

Counts of the real files are those of the data-set facts.
"""

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest

from tubelet.annotations import AnnotationError, Segment, Video, VideoSet
from tubelet.annotations.text_files import read_json, read_text
from tubelet.annotations.thumos14 import (
    THUMOS14_CLASSES,
    read_thumos14,
    read_thumos14_detections,
    read_thumos14_json,
    write_thumos14,
    write_thumos14_detections,
    write_thumos14_json,
)
from tubelet.annotations.thumos14_csv import (
    read_thumos14_csv,
    read_thumos14_proposal_csv,
    write_thumos14_csv,
    write_thumos14_proposal_csv,
)

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "annotations" / "thumos14"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the real annotation files are not here")

TABLE = """video,type,type_idx,start,end,startFrame,endFrame
video_test_0000026,TennisSwing,92,66.7,67.6,2001,2027
video_test_0000026,Ambiguous,0,70.0,71.5,2100,2145
"""
PROPOSAL_TABLE = """video-name,t-init,t-end,f-init,f-end,video-duration,frame-rate,video-frames,label-idx
video_test_0000026,70.0,71.5,2100,2145,100.0,30.0,3000,-1
video_test_0000026,66.7,67.6,2001,2028,100.0,30.0,3000,17
"""
BOTH = (Segment(66.7, 67.6, "TennisSwing"), Segment(70.0, 71.5, "Ambiguous"))


@pytest.fixture
def written(tmp_path):
    def write(text, name="given.txt"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def labels(videos):
    return Counter(segment.label for video in videos for segment in video.segments)


def test_the_kits_folder_comes_back_with_ambiguous_moments_that_are_no_class(tmp_path):
    videos = VideoSet((Video("video_test_0000026", subset="test", segments=BOTH),), THUMOS14_CLASSES)
    write_thumos14(tmp_path, videos)
    assert (tmp_path / "TennisSwing_test.txt").read_text() == "video_test_0000026  66.7 67.6\n"
    assert (tmp_path / "Ambiguous_test.txt").read_text() == "video_test_0000026  70.0 71.5\n"
    assert len(list(tmp_path.iterdir())) == 21
    back = read_thumos14(tmp_path)
    assert set(back.videos[0].segments) == set(BOTH)
    assert back.classes == THUMOS14_CLASSES
    assert "Ambiguous" not in back.classes


def test_a_class_whose_file_is_missing_is_named(tmp_path):
    write_thumos14(tmp_path, VideoSet((Video("video_test_0000026", subset="test", segments=BOTH),)))
    (tmp_path / "Shotput_test.txt").unlink()
    with pytest.raises(AnnotationError, match="has no file for the class Shotput"):
        read_thumos14(tmp_path)


@pytest.mark.parametrize("line", ["video_test_0000026 2.0", "video_test_0000026 2.0 x", "video_test_0000026 2.0 1.0"])
def test_a_line_of_the_kit_that_is_none_is_an_error_with_file_and_line(tmp_path, line):
    write_thumos14(tmp_path, VideoSet((Video("video_test_0000026", subset="test", segments=BOTH),)))
    (tmp_path / "Diving_test.txt").write_text(f"\n{line}\n")
    with pytest.raises(AnnotationError, match=r"Diving_test\.txt: line 2"):
        read_thumos14(tmp_path)


def test_detections_come_back_and_lose_the_suffix_of_the_file(written, tmp_path):
    videos = read_thumos14_detections(written("v1.mp4\t0.5\t2.25\t92\t0.75\nv2 1 2 7 1e-05\nv1 3 4 7 0.5\n"))
    assert videos.videos[0] == Video(
        "v1", segments=(Segment(0.5, 2.25, "TennisSwing", 0.75), Segment(3, 4, "BaseballPitch", 0.5))
    )
    write_thumos14_detections(tmp_path / "back.txt", videos)
    assert read_thumos14_detections(tmp_path / "back.txt") == videos


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("v 1 2 7", "is 'v 1 2 7'; expected \"video start end class score\""),
        ("v 1 2 8 0.5", "has the class '8'; expected one of 7, 9,"),
        ("v 1 2 7 nan", "has the score 'nan'; expected a finite number"),
        ("v 2 1 7 0.5", "which ends before it starts"),
        ("v 1 x 7 0.5", r"has the segment \['1', 'x'\]"),
    ],
)
def test_a_detection_that_is_none_is_an_error_with_file_line_and_value(written, line, message):
    with pytest.raises(AnnotationError, match=rf"given\.txt: line 2 {message}|given\.txt: line 2 .*{message}"):
        read_thumos14_detections(written(f"v 1 2 7 0.5\n{line}\n"))


def test_the_json_has_segments_as_strings_and_no_ambiguous_moments(tmp_path):
    videos = VideoSet((Video("video_test_0000026", subset="test", segments=BOTH),), THUMOS14_CLASSES)
    write_thumos14_json(tmp_path / "a.json", videos)
    entry = {"subset": "test", "annotations": [{"segment": ["66.7", "67.6"], "label": "TennisSwing"}]}
    assert json.loads((tmp_path / "a.json").read_text()) == {"database": {"video_test_0000026": entry}}
    assert read_thumos14_json(tmp_path / "a.json").videos[0].segments == BOTH[:1]


def test_the_csv_comes_back_to_the_byte(written, tmp_path):
    videos = read_thumos14_csv(written(TABLE, "given.csv"))
    assert [(one.start, one.end, one.label) for one in videos.videos[0].segments] == [
        (one.start, one.end, one.label) for one in BOTH
    ]
    write_thumos14_csv(tmp_path / "back.csv", videos)
    assert (tmp_path / "back.csv").read_text() == TABLE


def test_frames_that_the_csv_did_not_give_are_those_of_the_nominal_rate_cut_off(tmp_path):
    # 67.6 * 30 is 2027.999... in floating point, and the official file says 2027.
    write_thumos14_csv(tmp_path / "a.csv", VideoSet((Video("video_test_0000026", frame_rate=29.97, segments=BOTH),)))
    assert (tmp_path / "a.csv").read_text() == TABLE


def test_a_number_that_is_not_the_classs_is_an_error_with_file_and_line(written):
    with pytest.raises(AnnotationError, match=r"given\.csv: line 2 has the class 'TennisSwing' with the number '17'"):
        read_thumos14_csv(written(TABLE.replace(",92,", ",17,"), "given.csv"))


def test_the_csv_of_the_proposal_papers_comes_back_to_the_byte(written, tmp_path):
    videos = read_thumos14_proposal_csv(written(PROPOSAL_TABLE, "given.csv"))
    video = videos.videos[0]
    assert (video.duration, video.frame_rate, video.num_frames, video.subset) == (100.0, 30.0, 3000, "test")
    write_thumos14_proposal_csv(tmp_path / "back.csv", videos)
    assert (tmp_path / "back.csv").read_text() == PROPOSAL_TABLE


def test_a_class_out_of_range_in_the_proposal_csv_is_an_error_with_file_line_and_value(written):
    with pytest.raises(AnnotationError, match=r"given\.csv: line 3 has the class '20'; expected -1"):
        read_thumos14_proposal_csv(written(PROPOSAL_TABLE.replace(",17\n", ",20\n"), "given.csv"))


@real
@pytest.mark.parametrize(
    ("name", "videos", "instances", "ambiguous"),
    [
        ("test_Annotation", 213, 3358, 99),
        ("test_Annotation_ours", 212, 3358, 0),
        ("val_Annotation", 200, 3007, 89),
    ],
)
def test_the_real_csv_files_have_their_counts_and_come_back_to_the_byte(name, videos, instances, ambiguous, tmp_path):
    source = SHARED / f"{name}.csv.gz"
    found = read_thumos14_csv(source)
    counts = labels(found)
    assert (len(found), counts.total() - counts["Ambiguous"], counts["Ambiguous"]) == (videos, instances, ambiguous)
    write_thumos14_csv(tmp_path / "back.csv", found)
    assert read_text(tmp_path / "back.csv", "csv") == read_text(source, "csv")


@real
@pytest.mark.parametrize(("subset", "videos", "instances"), [("test", 213, 3358), ("val", 200, 3007)])
def test_the_real_folders_of_the_kit_have_their_counts_and_come_back_to_the_byte(subset, videos, instances, tmp_path):
    source = SHARED / f"toolkit_annotation_{subset}.tar.gz"
    found = read_thumos14(source)
    assert (len(found), labels(found).total() - labels(found)["Ambiguous"]) == (videos, instances)
    write_thumos14(tmp_path, found)
    files = list(tmp_path.iterdir())
    assert len(files) == 21
    assert [file.name for file in files if file.read_text() != read_text(source / file.name, "list")] == []


@real
def test_the_real_csv_of_the_proposal_papers_has_its_counts_and_comes_back_to_the_byte(tmp_path):
    source = SHARED / "thumos14_test_groundtruth.csv.gz"
    found = read_thumos14_proposal_csv(source)
    assert (labels(found).total(), labels(found)["Ambiguous"]) == (3457, 99)
    write_thumos14_proposal_csv(tmp_path / "back.csv", found)
    assert read_text(tmp_path / "back.csv", "csv") == read_text(source, "csv")


@real
def test_the_real_json_has_its_counts_and_comes_back(tmp_path):
    source = SHARED / "thumos_gt.json.gz"
    found = read_thumos14_json(source)
    assert Counter(video.subset for video in found) == {"train": 200, "test": 210}
    assert Counter(video.subset for video in found for _ in video.segments) == {"train": 3007, "test": 3311}
    write_thumos14_json(tmp_path / "back.json", found)
    assert read_json(tmp_path / "back.json", "json") == read_json(source, "json")


@real
@pytest.mark.parametrize(
    ("name", "count"),
    [("A2Net_action_detection_af38", 34591), ("TURN-FLOW-16_SCNN_thumos14_iou0.5", 16565)],
)
def test_real_detections_come_back_with_the_same_numbers(name, count, tmp_path):
    source = SHARED / "predictions" / f"{name}.txt.gz"
    found = read_thumos14_detections(source)
    assert sum(len(video.segments) for video in found) == count
    write_thumos14_detections(tmp_path / "back.txt", found)

    def rows(path):
        lines = csv.reader(io.StringIO(read_text(path, "detections").replace("\t", " ")), delimiter=" ")
        return [
            (video, float(start), float(end), int(label), float(score)) for video, start, end, label, score in lines
        ]

    assert rows(tmp_path / "back.txt") == rows(source)
