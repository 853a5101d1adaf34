"""The formats of AVA, JHMDB, UCF101-24 and MultiSports: small files by hand, and what they refuse."""

from pathlib import Path

import numpy as np
import pytest

from tubelet.annotations import AnnotationError, Box, Video, VideoSet, read_annotations
from tubelet.annotations.act_tubes import read_act_tubes, write_act_tubes
from tubelet.annotations.ava import read_ava, write_ava
from tubelet.annotations.ava_lists import (
    read_ava_excluded,
    read_ava_included,
    read_ava_label_map,
    write_ava_excluded,
    write_ava_included,
    write_ava_label_map,
)
from tubelet.annotations.multisports import (
    read_multisports_classes,
    read_multisports_csv,
    read_multisports_frame_detections,
    read_multisports_video_detections,
    write_multisports_csv,
    write_multisports_frame_detections,
    write_multisports_video_detections,
)
from tubelet.annotations.person_boxes import (
    read_proposals,
    read_slowfast_boxes,
    write_proposals,
    write_slowfast_boxes,
)
from tubelet.annotations.pickles import load_pickle, save_pickle
from tubelet.annotations.ucf24 import read_ucf24_matlab, read_ucf24_pickle, write_ucf24_matlab, write_ucf24_pickle
from tubelet.annotations.yowo import read_yowo, write_yowo

AVA = (
    "a,0902,0.100,0.200,0.300,0.400,12,0\n"
    "a,0902,0.100,0.200,0.300,0.400,80,0\n"
    "a,0903\nb,1000,0.000,0.000,1.000,0.125,1,7\n"
)


def test_ava_is_a_box_a_label_at_the_second_of_the_movie_and_comes_back(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(AVA)
    videos = read_ava(tmp_path / "a.csv")
    assert videos.videos[0].boxes[1] == Box(902.0, (0.1, 0.2, 0.3, 0.4), "80", actor="0")
    assert videos.videos[0].extra == {"frames_without_boxes": [903]}
    write_ava(tmp_path / "b.csv", videos)
    assert (tmp_path / "b.csv").read_text() == AVA


def test_ava_predictions_keep_scores_and_boxes_that_the_evaluator_drops(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,902,0.5,0.2,0.3,0.8,12,0.123456\n")
    videos = read_ava(tmp_path / "a.csv", predictions=True)
    assert videos.videos[0].boxes == (Box(902.0, (0.5, 0.2, 0.3, 0.8), "12", 0.123456),)
    write_ava(tmp_path / "b.csv", videos)
    assert read_ava(tmp_path / "b.csv", predictions=True) == videos


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,902,0.1,0.2,0.3,0.4", r"line 2 has 6 cells"),
        ("a,902,0.1,0.2,0.3,0.4,12,1,1", r"line 2 has 9 cells"),
        ("a,902,0.1,0.2,0.3,0.4,12,1", r"line 2 has 8 cells; expected 7"),
        ("a,902,0.1,0.2,0.3,1.4,12", r"line 2 .*1\.4.*inside the frame"),
        ("a,902,0.5,0.2,0.3,0.4,12", r"line 2 .*left <= right"),
        ("a,902,nan,0.2,0.3,0.4,12", r"line 2 has 'nan'"),
        ("a,902,0.1,0.2,0.3,0.4,81", r"action id 81"),
        ("a,902,0.1,0.2,0.3,0.4,0", r"line 2 has '0'"),
        ("a,902.5,0.1,0.2,0.3,0.4,1", r"line 2 has '902.5'"),
        ("a,902,0.1,0.2,0.3,0.", r"line 2"),
    ],
)
def test_ava_refuses_what_cannot_be(tmp_path: Path, row: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(f"a,0902,0.1,0.2,0.3,0.4,12\n{row}\n")
    with pytest.raises(AnnotationError, match=message):
        read_ava(tmp_path / "a.csv")


def test_ava_counts_the_lines_of_frames_without_boxes_and_names_the_number_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{AVA}\nb,1001\nb,1002,0.1,0.2,x,0.4,1,7\n")
    with pytest.raises(AnnotationError, match="line 7 has 'x'; expected a finite number"):
        read_ava(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text(f"{AVA}b,1002,0.1,0.2,0.3,0.4,1,7\nb,soon\n")
    with pytest.raises(AnnotationError, match="line 6 has 'soon'; expected a finite number"):
        read_ava(tmp_path / "a.csv")


def test_ava_lists_come_back(tmp_path: Path) -> None:
    names = {1: "bend/bow (at the waist)", 3: 'a "quoted" one'}
    write_ava_label_map(tmp_path / "map.pbtxt", names)
    write_ava_excluded(tmp_path / "excluded.csv", {("a-_b", 913)})
    write_ava_included(tmp_path / "included.txt", [902, 903])
    assert read_ava_label_map(tmp_path / "map.pbtxt") == names
    assert read_ava_excluded(tmp_path / "excluded.csv") == {("a-_b", 913)}
    assert read_ava_included(tmp_path / "included.txt") == (902, 903)


def test_a_label_map_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "map.pbtxt").write_text('item {\n  name: "a"\n  id: 1\n}\nitem {\n  name: "b"')
    with pytest.raises(AnnotationError, match="line 5"):
        read_ava_label_map(tmp_path / "map.pbtxt")


def test_person_boxes_come_back(tmp_path: Path) -> None:
    row = "a,0902,0.1,0.2,0.3,0.4,,0.98765\n"
    (tmp_path / "a.csv").write_text(row)
    write_slowfast_boxes(tmp_path / "b.csv", read_slowfast_boxes(tmp_path / "a.csv"))
    assert (tmp_path / "b.csv").read_text() == row
    proposals = {"a,0902": np.array([[0.1, 0.2, 0.3, 0.4, 0.9]], np.float32), "a,0903": np.empty((0, 5), np.float32)}
    save_pickle(tmp_path / "a.pkl", proposals)
    write_proposals(tmp_path / "b.pkl", read_proposals(tmp_path / "a.pkl"))
    again = load_pickle(tmp_path / "b.pkl", "proposals")
    assert list(again) == list(proposals)
    assert all(np.array_equal(again[key], proposals[key]) and again[key].dtype == np.float32 for key in proposals)


def test_proposals_of_another_shape_are_refused(tmp_path: Path) -> None:
    save_pickle(tmp_path / "a.pkl", {"a,0902": np.zeros((1, 4))})
    with pytest.raises(AnnotationError, match=r"'a,0902' has the shape \(1, 4\)"):
        read_proposals(tmp_path / "a.pkl")


def act(rows: list[list[float]], label: int = 1) -> dict[str, object]:
    return {
        "labels": ["jump", "run"],
        "gttubes": {"run/a": {label: [np.array(rows, np.float32)]}},
        "nframes": {"run/a": 10},
        "train_videos": [["run/a"], []],
        "test_videos": [[], ["run/a"]],
        "resolution": {"run/a": (240, 320)},
    }


def test_act_tubes_count_frames_from_1_and_divide_pixels_as_they_are(tmp_path: Path) -> None:
    save_pickle(tmp_path / "a.pkl", act([[1, 0, 0, 319, 239], [2, 160, 120, 319, 239]]))
    (video,) = read_act_tubes(tmp_path / "a.pkl", frame_rate=10.0)
    (tube,) = video.tubes
    assert (video.subset, tube.label, tube.times.tolist()) == ("train", "run", [0.0, 0.1])
    assert tube.boxes[1].tolist() == [0.5, 0.5, 319 / 320, 239 / 240]
    assert read_act_tubes(tmp_path / "a.pkl", frame_rate=10.0, split=2).videos[0].subset == "test"
    assert len(read_act_tubes(tmp_path / "a.pkl", frame_rate=10.0, subset="test")) == 0


@pytest.mark.parametrize(
    ("rows", "label", "message"),
    [
        ([[1, 0, 0, 400, 9]], 1, "label 1, tube 0, frame 1 .*inside the frame of 320 x 240"),
        ([[1, 9, 0, 5, 9]], 1, "left <= right"),
        ([[1, np.nan, 0, 5, 9]], 1, "finite"),
        ([[1, 0, 0, 5, 9]], 2, "label 2; expected 0 to 1"),
        ([[0, 0, 0, 5, 9]], 1, "label 1, tube 0 has the frame 0; expected ascending frames 1 to"),
        ([[1.5, 0, 0, 5, 9]], 1, r"label 1, tube 0 has the frame 1\.5; expected ascending frames 1 to"),
        ([[2, 0, 0, 5, 9], [2, 0, 0, 5, 9]], 1, "ascending"),
        ([[1, 0, 0, 5]], 1, r"shape \(1, 4\)"),
    ],
)
def test_act_tubes_refuse_what_cannot_be(tmp_path: Path, rows: list, label: int, message: str) -> None:
    save_pickle(tmp_path / "a.pkl", act(rows, label))
    with pytest.raises(AnnotationError, match=rf"a\.pkl: video 'run/a'.*{message}"):
        read_act_tubes(tmp_path / "a.pkl", frame_rate=10.0)


def ucf24(boxes: np.ndarray, **change: int) -> dict[str, object]:
    tube = {"label": 0, "sf": 3, "ef": 3 + len(boxes), "boxes": boxes} | change
    return {"Run/v_a": {"numf": 8, "label": 0, "annotations": [tube]}}


def test_ucf24_boxes_do_not_overflow(tmp_path: Path) -> None:
    boxes = np.array([[200, 100, 100, 100], [200, 100, 100, 100]], np.uint8)
    save_pickle(tmp_path / "a.pkl", ucf24(boxes))
    (tube,) = read_ucf24_pickle(tmp_path / "a.pkl").videos[0].tubes
    assert tube.times.tolist() == [3 / 25, 4 / 25]
    assert tube.boxes[0].tolist() == [200 / 320, 100 / 240, 300 / 320, 200 / 240]


@pytest.mark.parametrize(
    ("boxes", "change", "message"),
    [
        ([[300, 0, 100, 10]], {}, "frame 3 .*inside the frame"),
        ([[0, 0, 1, 1]], {"label": 1}, "label 1"),
        ([[0, 0, 1, 1]], {"ef": 9}, "frames 3 to 9"),
    ],
)
def test_ucf24_refuses_what_cannot_be(tmp_path: Path, boxes: list, change: dict, message: str) -> None:
    save_pickle(tmp_path / "a.pkl", ucf24(np.array(boxes, np.uint16), **change))
    with pytest.raises(AnnotationError, match=message):
        read_ucf24_pickle(tmp_path / "a.pkl")


def test_ucf24_in_matlab_counts_from_1_and_means_the_same(tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    save_pickle(tmp_path / "a.pkl", ucf24(np.array([[1, 2, 3, 4]], np.uint8)))
    videos = read_ucf24_pickle(tmp_path / "a.pkl")
    write_ucf24_matlab(tmp_path / "a.mat", videos)
    assert read_ucf24_matlab(tmp_path / "a.mat") == videos
    (tmp_path / "a.mat").write_bytes((tmp_path / "a.mat").read_bytes()[:150])
    with pytest.raises(AnnotationError, match=r"a\.mat"):
        read_ucf24_matlab(tmp_path / "a.mat")


def test_yowo_comes_back(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "brush_hair_v_1_00003.txt").write_text("1 0 24 160 120\n")
    videos = read_yowo(tmp_path / "a", classes=["brush_hair"], frame_rate=10.0)
    assert videos.videos[0].path == "brush_hair/v_1"
    assert videos.videos[0].boxes == (Box(0.2, (0.0, 0.1, 0.5, 0.5), "brush_hair"),)
    write_yowo(tmp_path / "b", videos)
    assert (tmp_path / "b" / "brush_hair_v_1_00003.txt").read_text() == "1 0 24 160 120\n"


@pytest.mark.parametrize("line", ["1 0 24 160", "2 0 24 160 120", "1 0 24 360 120", "1 0 24 nan 120", "1 9 0 5 9"])
def test_yowo_refuses_what_cannot_be(tmp_path: Path, line: str) -> None:
    (tmp_path / "brush_hair_v_1_00003.txt").write_text(f"{line}\n")
    with pytest.raises(AnnotationError, match=r"00003\.txt, line 1"):
        read_yowo(tmp_path, classes=["brush_hair"], frame_rate=10.0)


GROUND_TRUTH = VideoSet((Video("s/a", 4.0, 25.0, 1280, 720, 100, "test"),), ("jump", "run"))


def test_multisports_detections_come_back(tmp_path: Path) -> None:
    rows = np.array([[0, 3, 1, 0.7, 10.1, 20.2, 30.3, 40.4], [0, 4, 0, 0.1, 0, 0, 1, 1]], np.float32).astype(float)
    save_pickle(tmp_path / "a.pkl", rows)
    videos = read_multisports_frame_detections(tmp_path / "a.pkl", GROUND_TRUTH)
    write_multisports_frame_detections(tmp_path / "b.pkl", videos, GROUND_TRUTH)
    assert np.array_equal(load_pickle(tmp_path / "b.pkl", "rows"), rows)
    tube = np.array([[3, 10.1, 20.2, 30.3, 40.4, 0.6], [4, 11.1, 20.2, 30.3, 40.4, 0.8]], np.float32).astype(float)
    save_pickle(tmp_path / "a.pkl", {0: [], 1: [("s/a", 0.7, tube)]})
    write_multisports_video_detections(
        tmp_path / "b.pkl", read_multisports_video_detections(tmp_path / "a.pkl", GROUND_TRUTH)
    )
    again = load_pickle(tmp_path / "b.pkl", "tubes")
    assert again[0] == []
    assert again[1][0][:2] == ("s/a", 0.7)
    assert np.array_equal(again[1][0][2], tube)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (0, 1, "video 1"),
        (2, 2, "label 2"),
        (3, np.nan, "numbers"),
        (2, -1, "label -1"),
        (1, 2.5, r"frame 2\.5; expected a whole number from 1 to 100"),
        (1, 0, "frame 0"),
        (1, 101, "frame 101"),
        (6, 9000, r"box \[10\.0, 20\.0, 9000\.0, 40\.0\] on frame 3; expected pixels inside the frame of 1280 x 720"),
        (5, -100, "box"),
    ],
)
def test_multisports_detections_refuse_what_cannot_be(tmp_path: Path, column: int, value: float, message: str) -> None:
    rows = np.array([[0, 3, 1, 0.7, 10, 20, 30, 40.0]])
    rows[0, column] = value
    save_pickle(tmp_path / "a.pkl", rows)
    with pytest.raises(AnnotationError, match=f"row 0 has the {message}"):
        read_multisports_frame_detections(tmp_path / "a.pkl", GROUND_TRUTH)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (0, 3.5, r"row 1 has the frame 3\.5; expected a whole number from 1 to 100"),
        (0, 101, "row 1 has the frame 101"),
        (3, 9000, r"row 1 has the box \[10\.0, 20\.0, 9000\.0, 40\.0\] on frame 4"),
        (5, np.nan, "row 1 has the numbers"),
        (0, 3, "tube 'run' has times that do not ascend"),
    ],
)
def test_multisports_tubes_refuse_what_cannot_be(tmp_path: Path, column: int, value: float, message: str) -> None:
    rows = np.array([[3, 10, 20, 30, 40, 0.6], [4, 10, 20, 30, 40.0, 0.8]])
    rows[1, column] = value
    save_pickle(tmp_path / "a.pkl", {1: [("s/a", 0.7, rows)]})
    with pytest.raises(AnnotationError, match=rf"a\.pkl: label 1, tube 0 of 's/a'[,:] {message}"):
        read_multisports_video_detections(tmp_path / "a.pkl", GROUND_TRUTH)


def test_multisports_boxes_that_look_past_the_edge_or_end_before_they_begin_are_detections(tmp_path: Path) -> None:
    rows = np.array([[0, 3, 1, 0.7, -10, 20, 1300, 40], [0, 3, 1, 0.7, 30, 20, 10, 40.0]])
    save_pickle(tmp_path / "a.pkl", rows)
    assert len(read_multisports_frame_detections(tmp_path / "a.pkl", GROUND_TRUTH).videos[0].boxes) == 2


def test_a_result_without_any_tube_is_recognised_and_read(tmp_path: Path) -> None:
    save_pickle(tmp_path / "a.pkl", {})
    videos = read_annotations(tmp_path / "a.pkl", ground_truth=GROUND_TRUTH)
    assert [video.tubes for video in videos] == [()]


def test_multisports_csv_groups_the_rows_of_an_entity_and_comes_back(tmp_path: Path) -> None:
    rows = ("3,0.100,0.200,0.300,0.400,1,0", "4,0.100,0.200,0.300,0.400,1,0", "4,0.1234,0.200,0.300,0.400,1,1")
    text = "".join(f"s/a.mp4,{row}\n" for row in rows)
    (tmp_path / "a.csv").write_text(text)
    videos = read_multisports_csv(tmp_path / "a.csv", classes=["jump", "run"])
    assert [(len(tube.times), tube.actor) for tube in videos.videos[0].tubes] == [(2, "0"), (1, "1")]
    write_multisports_csv(tmp_path / "b.csv", videos)
    assert (tmp_path / "b.csv").read_text() == text


# ------------------------------------------------------------------------------------------------ the real files
REAL = Path(__file__).parents[2] / "../shared/data/annotations"
real = pytest.mark.skipif(not REAL.is_dir(), reason="the real annotation files are not beside this checkout")


def identical(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(identical(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(identical, one, other))
    return bool(one == other)


@real
def test_jhmdb_has_928_clips_and_31852_boxes_and_comes_back(tmp_path: Path) -> None:
    source = REAL / "jhmdb/JHMDB-GT.pkl.gz"
    videos = read_act_tubes(source, frame_rate=30.0)
    assert (len(videos), sum(len(tube.times) for video in videos for tube in video.tubes)) == (928, 31_852)
    assert [len(read_act_tubes(source, frame_rate=30.0, split=k, subset="test")) for k in (1, 2, 3)] == [268, 270, 265]
    write_act_tubes(tmp_path / "a.pkl", videos)
    one, other = load_pickle(source, ""), load_pickle(tmp_path / "a.pkl", "")
    assert set(one) == set(other)
    assert all(identical(one[key], other[key]) for key in one)


@real
def test_multisports_sample_comes_back(tmp_path: Path) -> None:
    source = REAL / "multisports/sample_gt.pkl"
    write_act_tubes(tmp_path / "a.pkl", read_act_tubes(source, frame_rate=25.0))
    one, other = load_pickle(source, ""), load_pickle(tmp_path / "a.pkl", "")
    assert all(identical(one[key], other[key]) for key in (*one, *other))
    classes = read_multisports_classes(REAL / "multisports/labels.json")
    assert len(classes) == len(read_multisports_classes(REAL / "multisports/label_map.txt")) == 66
    rows = REAL / "multisports/multisports_sample.csv"
    write_multisports_csv(tmp_path / "a.csv", read_multisports_csv(rows, classes=classes))
    assert (tmp_path / "a.csv").read_text().split() == rows.read_text().split()


@real
def test_ucf24_has_3194_videos_4458_tubes_573862_boxes_and_comes_back(tmp_path: Path) -> None:
    source = REAL / "ucf24/pyannot.pkl.gz"
    videos = read_ucf24_pickle(source, test_list=REAL / "ucf24/testlist01.txt")
    lengths = [len(tube.times) for video in videos for tube in video.tubes]
    assert (len(videos), len(lengths), sum(lengths)) == (3_194, 4_458, 573_862)
    assert sum(video.subset == "test" for video in videos) == 910
    write_ucf24_pickle(tmp_path / "a.pkl", videos)
    one, other = load_pickle(source, ""), load_pickle(tmp_path / "a.pkl", "")
    assert list(one) == list(other)
    assert all(one[name]["numf"] == other[name]["numf"] for name in one)
    assert all(identical(one[name]["annotations"], other[name]["annotations"]) for name in one)


@real
def test_ucf24_in_matlab_is_the_same_annotation(tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    videos = read_ucf24_matlab(REAL / "ucf24/finalAnnots.mat")
    by_name = {video.path: video for video in videos}
    assert by_name == {video.path: video for video in read_ucf24_pickle(REAL / "ucf24/pyannot.pkl.gz")}
    write_ucf24_matlab(tmp_path / "a.mat", videos)
    assert read_ucf24_matlab(tmp_path / "a.mat") == videos


@real
def test_yowo_has_a_text_for_each_of_9126_test_frames_of_jhmdb(tmp_path: Path) -> None:
    jhmdb = read_act_tubes(REAL / "jhmdb/JHMDB-GT.pkl.gz", frame_rate=30.0, subset="test")
    videos = read_yowo(REAL / "jhmdb/groundtruths_jhmdb.zip", classes=jhmdb.classes, frame_rate=30.0)
    assert sum(len(video.boxes) for video in videos) == 9_126
    assert {video.path for video in videos} == {video.path for video in jhmdb}
    write_yowo(tmp_path / "a", videos)
    assert read_yowo(tmp_path / "a", classes=jhmdb.classes, frame_rate=30.0) == videos


@real
def test_ava_validation_has_93400_rows_of_64_videos_and_comes_back(tmp_path: Path) -> None:
    videos = read_ava(REAL / "ava/ava_val_v2.1_pose14.csv.gz", label_map=REAL / "ava/ava_action_list_v2.2.pbtxt")
    boxes = [box for video in videos for box in video.boxes]
    assert (len(videos), len(boxes), len(videos.classes)) == (64, 93_400, 80)
    assert sum(box.label == "stand" for box in boxes) == 43_400
    write_ava(tmp_path / "a.csv", videos)
    assert read_ava(tmp_path / "a.csv", label_map=REAL / "ava/ava_action_list_v2.2.pbtxt") == videos


@real
def test_ava_sample_with_persons_comes_back_to_the_byte(tmp_path: Path) -> None:
    source = REAL / "ava/mmaction2_ava_sample_v2.2.csv"
    write_ava(tmp_path / "a.csv", read_ava(source))
    assert (tmp_path / "a.csv").read_bytes() == source.read_bytes()


@real
def test_ava_lists_have_the_counts_of_the_data_set() -> None:
    evaluated = read_ava_label_map(REAL / "ava/ava_action_list_v2.2_for_activitynet_2019.pbtxt")
    everything = read_ava_label_map(REAL / "ava/ava_action_list_v2.2.pbtxt")
    assert (len(evaluated), len(everything)) == (60, 80)
    assert evaluated.items() <= everything.items()
    excluded = [
        len(read_ava_excluded(REAL / f"ava/ava_{s}_excluded_timestamps_v2.2.csv")) for s in ("train", "val", "test")
    ]
    assert excluded == [161, 37, 66]
    assert read_ava_included(REAL / "ava/ava_included_timestamps_v2.2.txt") == tuple(range(902, 1799))
