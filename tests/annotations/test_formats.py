"""Formats are told by what is in a file: small files of the writers, and every real file where they are at hand."""

import json
import shutil
from pathlib import Path

import pytest

from tubelet.annotations import (
    FORMATS,
    AnnotationError,
    Label,
    Segment,
    Video,
    VideoSet,
    read_annotations,
    recognise,
    write_annotations,
)

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "annotations"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the real annotation files are not here")

CLASSES = ("Billiards", "Diving")
VIDEOS = VideoSet(
    (
        Video(
            "Diving/video_test_1_000000_000010.mp4",
            duration=10.0,
            frame_rate=25.0,
            num_frames=250,
            subset="test",
            labels=(Label("Diving", 0.5),),
            segments=(Segment(1.0, 2.5, "Diving", 0.25), Segment(3.0, 4.0, "Billiards", 0.5)),
        ),
    ),
    CLASSES,
)
EPIC = VideoSet(
    (Video("P01_11", frame_rate=50.0, segments=(Segment(1.0, 2.5, "take cup", 0.5),)),), ("take cup", "take plate")
)
EPIC_CLASSES = {"verbs": ["take"], "nouns": ["cup", "plate"]}

WRITTEN = [
    ("tubelet", "a.json"),
    ("kinetics", "a.csv"),
    ("ucf101", "folder"),
    ("hmdb51", "folder"),
    ("activitynet_results", "a.json.gz"),
    ("thumos14_json", "a.json"),
    ("actionformer", "a.json"),
    ("activitynet", "a.json"),
    ("bsn", "a.json"),
    ("bsn_info", "a.csv.gz"),
    ("thumos14", "folder"),
    ("thumos14_csv", "a.csv"),
    ("thumos14_proposal_csv", "a.csv"),
    ("thumos14_detections", "a.txt"),
    ("frame_folders", "a.txt"),
    ("video_list", "a.txt"),
]

REAL = {
    "activitynet/anet_anno_action.json.gz": "bsn",
    "activitynet/sample_classification_prediction.json.gz": "activitynet_results",
    "activitynet/sample_detection_prediction.json.gz": "activitynet_results",
    "activitynet/subsets/anet_classification_noise_b.json.gz": "activitynet",
    "activitynet/subsets/anet_detection_noise_b.json.gz": "activitynet",
    "activitynet/subsets/anet_detection_ties_b.json.gz": "activitynet",
    "activitynet/subsets/anet_proposal_noise_b.json.gz": "activitynet",
    "activitynet/video_info_new.csv.gz": "bsn_info",
    "ava/ava_val_v2.1_pose14.csv.gz": "ava",
    "ava/mmaction2_ava_sample_v2.2.csv": "ava",
    "ava/subsets/all60_b.gt.csv.gz": "ava",
    "ava/subsets/pose_b.gt.csv.gz": "ava",
    "charades/charades.json.gz": "charades_json",
    "epic100/EPIC_100_validation.csv.gz": "epic_kitchens",
    "hmdb51/hmdb51_splits.tar.gz": "hmdb51",
    "jhmdb/JHMDB-GT.pkl.gz": "act_tubes",
    "jhmdb/groundtruths_jhmdb.zip": "yowo",
    "kinetics/kinetics-400_val.csv.gz": "kinetics",
    "kinetics/kinetics-600_val.csv.gz": "kinetics",
    "multisports/multisports_sample.csv": "multisports_csv",
    "multisports/sample_gt.pkl": "act_tubes",
    "multithumos/multithumos.json.gz": "multithumos",
    "sthv2/something-something-v2-validation.json.gz": "something_something",
    "thumos14/test_Annotation.csv.gz": "thumos14_csv",
    "thumos14/test_Annotation_ours.csv.gz": "thumos14_csv",
    "thumos14/thumos14_test_groundtruth.csv.gz": "thumos14_proposal_csv",
    "thumos14/thumos_gt.json.gz": "thumos14_json",
    "thumos14/toolkit_annotation_test.tar.gz": "thumos14",
    "thumos14/toolkit_annotation_val.tar.gz": "thumos14",
    "thumos14/val_Annotation.csv.gz": "thumos14_csv",
    "ucf101/ucf101_splits.tar.gz": "ucf101",
    "ucf24/finalAnnots.mat": "ucf24_matlab",
    "ucf24/pyannot.pkl.gz": "ucf24_pickle",
}


@pytest.mark.parametrize(("name", "file"), WRITTEN)
def test_what_a_writer_writes_is_recognised_and_read(name, file, tmp_path):
    path = tmp_path / file
    write_annotations(path, VIDEOS, name)
    assert recognise(path) == name
    assert len(read_annotations(path)) == 1


@pytest.mark.parametrize(("name", "file"), [("epic_kitchens", "a.csv"), ("epic_results", "a.json")])
def test_what_needs_classes_gets_them_as_options(name, file, tmp_path):
    write_annotations(tmp_path / file, EPIC, name, **EPIC_CLASSES)
    assert recognise(tmp_path / file) == name
    found = read_annotations(tmp_path / file, **EPIC_CLASSES)
    assert found.videos[0].segments[0].label == "take cup"


@pytest.mark.parametrize(
    ("name", "file", "content"),
    [
        ("charades", "a.csv", "id,subject,actions,length\nA,B,c000 1.0 2.0,9.5\n"),
        ("charades_json", "a.json", '{"7UPGT": {"subset": "training", "duration": 2.0, "actions": []}}'),
        ("multithumos", "a.json", '{"video_test_1": {"subset": "testing", "duration": 2.0, "actions": []}}'),
        ("something_something", "a.json", '[{"id": "7", "template": "Pushing [something]"}]'),
        (
            "fineaction",
            "a.json",
            '{"database": {"v": {"annotations": [{"segment": [1, 2], "label": "wipe", "label_id": 0, "filter": 0}]}}}',
        ),
        ("ava", "a.csv", "abc,0902,0.1,0.2,0.3,0.4,12,0\nabc,0903\n"),
        ("ava_predictions", "a.csv", "abc,0902,0.1,0.2,0.3,0.4,12,0.5\n"),
        ("slowfast_boxes", "a.csv", "abc,0902,0.1,0.2,0.3,0.4,,0.5\n"),
        ("multisports_csv", "a.csv", "football/v_c001.mp4,377,0.7,0.4,0.8,0.8,11,0\n"),
        ("video_list", "a.csv", "path,label\nclips/a.mp4,0\n"),
        ("video_list", "b.csv", "clips/my clip.mp4 0\n"),
        ("cvat", "a.xml", '<?xml version="1.0"?>\n<annotations>\n</annotations>\n'),
        ("label_studio", "a.json", '[{"id": 1, "data": {"video": "a.mp4"}, "annotations": []}]'),
        ("via3", "a.json", '{"project": {}, "attribute": {}, "file": {}, "view": {}, "metadata": {}}'),
        ("coco_video", "a.json", '{"videos": [], "images": [], "annotations": [], "categories": []}'),
    ],
)
def test_a_small_file_is_recognised(name, file, content, tmp_path):
    (tmp_path / file).write_text(content)
    assert recognise(tmp_path / file) == name


def test_a_folder_a_class_is_recognised(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "a.mp4").touch()
    assert recognise(tmp_path) == "class_folders"
    assert read_annotations(tmp_path).classes == ("run",)


@pytest.mark.parametrize("content", ["[1, 2]", "{}", '{"results": []}', '{"database": null, "a": 1}'])
def test_what_no_format_knows_is_an_error_with_the_file(content, tmp_path):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(AnnotationError, match=r"a\.json"):
        read_annotations(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("v 1 2 7 nan", r"line 2 has the score 'nan'; expected a finite number"),
        ("v 1 2 7", r"line 2 is 'v 1 2 7'; expected \"video start end class score\""),
        ("video_test_00", r"line 2 is 'video_test_00'; expected"),
    ],
)
def test_a_broken_line_among_detections_of_thumos14_is_named(line, message, tmp_path):
    (tmp_path / "a.txt").write_text(f"v 1 2 7 0.5\n{line}\n")
    with pytest.raises(AnnotationError, match=message):
        read_annotations(tmp_path / "a.txt")


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(AnnotationError, match=r"a\.json: no such file"):
        recognise(tmp_path / "a.json")


def test_a_format_that_is_not_known_is_named(tmp_path):
    with pytest.raises(AnnotationError, match="there is no format 'thumos15'; did you mean thumos14"):
        read_annotations(tmp_path, "thumos15")


def test_a_format_without_a_writer_is_named(tmp_path):
    with pytest.raises(AnnotationError, match="the format 'class_folders' cannot be written"):
        write_annotations(tmp_path, VIDEOS, "class_folders")


def test_an_option_that_a_format_lacks_or_needs_is_named(tmp_path):
    write_annotations(tmp_path / "a.json", VIDEOS, "tubelet")
    with pytest.raises(AnnotationError, match="the format 'tubelet' has no option 'split'; expected"):
        read_annotations(tmp_path / "a.json", split=1)
    with pytest.raises(AnnotationError, match="the format 'something_something' needs the option labels; pass labels="):
        read_annotations(tmp_path / "a.json", "something_something")


def test_our_own_form_keeps_all(tmp_path):
    videos = VideoSet(VIDEOS.videos, VIDEOS.classes, {"version": "1"})
    write_annotations(tmp_path / "a.json", videos, "tubelet")
    assert read_annotations(tmp_path / "a.json") == videos
    assert json.loads((tmp_path / "a.json").read_text())["extra"] == {"version": "1"}


def test_every_format_says_what_it_is_in_one_line():
    assert [name for name, one in FORMATS.items() if "\n" in one.title or not one.title or not one.example] == []


@real
@pytest.mark.parametrize(("file", "name"), REAL.items())
def test_a_real_file_is_recognised_whatever_it_is_called(file, name, tmp_path):
    source = SHARED / file
    path = tmp_path / ("finalAnnots.mat" if source.suffix == ".mat" else f"copy{''.join(source.suffixes[-2:])}")
    shutil.copyfile(source, path)
    assert recognise(path) == name


@real
def test_real_detections_are_recognised():
    files = sorted((SHARED / "thumos14" / "predictions").glob("*.txt.gz"))
    assert len(files) == 8
    assert {recognise(file) for file in files} == {"thumos14_detections"}


@real
def test_real_lists_of_classes_videos_and_seconds_are_in_no_format():
    files = [path for path in SHARED.rglob("*") if path.is_file()]
    others = [
        path for path in files if path.relative_to(SHARED).as_posix() not in REAL and "predictions" not in path.parts
    ]
    recognised = {}
    for path in others:
        try:
            recognised[path.name] = recognise(path)
        except AnnotationError:
            continue
    assert recognised == {}
