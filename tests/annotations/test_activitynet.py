"""ActivityNet's layout and those of its kin: small files by hand, and the real ones where they are at hand.

Counts of the real files are those of the data-set facts; the others follow from the small files below.
"""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.annotations import AnnotationError, Label, Segment, Video, VideoSet, load_videos, save_videos
from tubelet.annotations.actionformer import read_actionformer, write_actionformer
from tubelet.annotations.activitynet import read_activitynet, write_activitynet
from tubelet.annotations.activitynet_results import read_activitynet_results, write_activitynet_results
from tubelet.annotations.bsn import feature_seconds, read_bsn, read_bsn_info, write_bsn, write_bsn_info
from tubelet.annotations.fineaction import read_fineaction, write_fineaction
from tubelet.annotations.segment_rows import ReversedSegmentsWarning
from tubelet.annotations.text_files import read_json, read_text

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "annotations" / "activitynet"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the real annotation files are not here")

OFFICIAL = {
    "version": "VERSION 1.3",
    "taxonomy": [
        {"nodeName": "Root", "nodeId": 0, "parentName": None, "parentId": None},
        {"nodeName": "Sports", "nodeId": 1, "parentName": "Root", "parentId": 0},
        {"nodeName": "Surfing", "nodeId": 2, "parentName": "Sports", "parentId": 1},
        {"nodeName": "Archery", "nodeId": 3, "parentName": "Sports", "parentId": 1},
    ],
    "database": {
        "abc": {
            "subset": "training",
            "duration": 82.73,
            "resolution": "320x240",
            "url": "https://www.youtube.com/watch?v=abc",
            "annotations": [
                {"segment": [6.195294851794072, 77.73085420904837], "label": "Surfing"},
                {"segment": [80.0, 80.0], "label": "Surfing"},
                {"segment": [81.0, 90.5], "label": "Surfing"},
            ],
        },
        "def": {"subset": "testing", "duration": 10, "resolution": "unknown", "url": "", "annotations": []},
    },
}

FINEACTION = {
    "database": {
        "v_00000001": {
            "subset": "training",
            "duration": 20.5,
            "fps": 25.0,
            "annotations": [
                {"segment": [9.5, 2.0], "label": "wipe", "label_id": 1, "filter": 0},
                {"segment": [1.5, 2.0], "label": "brush hair", "label_id": 0, "filter": 1},
                {"segment": [9.0, 2.5], "label": "wipe", "label_id": 1, "filter": 0},
            ],
        }
    }
}

RESULTS = {
    "version": "VERSION 1.3",
    "results": {
        "abc": [
            {"score": 0.5, "segment": [1.0, 2.5], "label": "Surfing"},
            {"score": 0.25, "segment": [1.0, 2.5]},
            {"score": 0.125, "label": "Archery"},
        ],
        "none": [],
    },
    "external_data": {"used": True, "details": "pre-trained on Kinetics"},
}


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "given.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def with_annotation(annotation):
    return {"database": {"abc": {"subset": "training", "annotations": [annotation]}}}


def test_an_official_file_comes_back(written, tmp_path):
    write_activitynet(tmp_path / "back.json", read_activitynet(written(OFFICIAL)))
    assert json.loads((tmp_path / "back.json").read_text()) == OFFICIAL


def test_an_official_file_comes_back_through_our_own(written, tmp_path):
    videos = read_activitynet(written(OFFICIAL))
    save_videos(tmp_path / "own.json", videos, videos.classes, videos.extra)
    assert load_videos(tmp_path / "own.json") == videos


def test_the_classes_are_the_sorted_leaves_of_the_taxonomy(written):
    assert read_activitynet(written(OFFICIAL)).classes == ("Archery", "Surfing")


def test_the_facts_of_a_video_and_its_segments_are_there(written):
    video, other = read_activitynet(written(OFFICIAL))
    assert (video.path, video.duration, video.width, video.height) == ("abc", 82.73, 320, 240)
    assert video.extra == {"url": "https://www.youtube.com/watch?v=abc"}
    assert [(one.start, one.end) for one in video.segments[1:]] == [(80.0, 80.0), (81.0, 90.5)]
    assert (other.width, other.extra["resolution"]) == (None, "unknown")


def test_segments_that_end_before_they_start_are_left_out_with_one_warning(written):
    with pytest.warns(ReversedSegmentsWarning, match=r"given.json: 2 segments .* v_00000001: .*\[9.5, 2.0\]") as warned:
        videos = read_fineaction(written(FINEACTION))
    assert len(warned) == 1
    assert videos.videos[0].segments == (Segment(1.5, 2.0, "brush hair", extra={"filter": 1}),)


@pytest.mark.filterwarnings("ignore::tubelet.annotations.segment_rows.ReversedSegmentsWarning")
def test_a_file_of_fineaction_comes_back_with_its_reversed_segments(written, tmp_path):
    videos = read_fineaction(written(FINEACTION))
    assert videos.classes == ("brush hair", "wipe")  # in the order of label_id
    write_fineaction(tmp_path / "back.json", videos)
    assert json.loads((tmp_path / "back.json").read_text()) == FINEACTION


def test_a_file_of_actionformer_comes_back(written, tmp_path):
    rows = [{"segment": [1.2, 3.4], "segment(frames)": [36.0, 102.0], "label": "Diving", "label_id": 0}]
    entry = {"subset": "Test", "duration": 9.5, "fps": 30.0, "frame": 285, "annotations": rows}
    content = {"version": "Thumos14-30fps", "database": {"video_test_0000004": entry}}
    write_actionformer(tmp_path / "back.json", read_actionformer(written(content)))
    assert json.loads((tmp_path / "back.json").read_text()) == content


def test_a_video_without_a_frame_rate_is_not_written_for_actionformer(tmp_path):
    with pytest.raises(AnnotationError, match=r"clip has the duration 3\.0, the frame rate None"):
        write_actionformer(tmp_path / "a.json", VideoSet((Video("clip", duration=3.0),)))


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ({"segment": [1.0, "x"], "label": "run"}, r"abc, annotation 1 has the segment \[1.0, 'x'\]"),
        ({"segment": [1.0], "label": "run"}, r"abc, annotation 1 has the segment \[1.0\]"),
        ({"segment": [1.0, float("nan")], "label": "run"}, r"abc, annotation 1 has the segment \[1.0, nan\]"),
        ({"segment": [1.0, 2.0]}, r"abc, annotation 1 is .*; expected a segment and a label"),
        ({"segment": [1.0, 2.0], "label": "run", "label_id": 7}, r"label_id of 1 classes are not 0 to 0"),
        ("run", r"abc, annotation 1 is 'run'"),
    ],
)
def test_an_annotation_that_is_none_is_an_error_with_file_video_and_value(written, annotation, message):
    with pytest.raises(AnnotationError, match=f"given.json.*{message}"):
        read_activitynet(written(with_annotation(annotation)))


def test_a_label_that_is_not_among_the_given_classes_is_an_error(written):
    content = with_annotation({"segment": [1.0, 2.0], "label": "run"})
    with pytest.raises(AnnotationError, match=r"abc, annotation 1 has the label 'run', not one of the 1 classes"):
        read_activitynet(written(content), classes=["jump"])


def test_a_label_id_that_is_not_the_class_is_an_error(written):
    content = with_annotation({"segment": [1.0, 2.0], "label": "run", "label_id": 1})
    with pytest.raises(AnnotationError, match=r"abc has the label 'run' with label_id 1; expected 0"):
        read_activitynet(written(content), classes=["run", "jump"])


@pytest.mark.parametrize(("fact", "value"), [("duration", -3), ("fps", -25.0), ("frame", -1)])
def test_a_fact_below_0_is_an_error_with_video_and_value(written, fact, value):
    entry = {"subset": "training", "duration": 9.5, "annotations": []} | {fact: value}
    with pytest.raises(AnnotationError, match=rf"video abc has the {fact} {value}; expected a number from 0 up\."):
        read_activitynet(written({"database": {"abc": entry}}))


@pytest.mark.parametrize("read", [read_activitynet, read_activitynet_results, read_bsn])
def test_a_file_that_is_cut_short_is_an_error(written, read):
    with pytest.raises(AnnotationError, match=r"given.json: line 1 is not JSON"):
        read(written(json.dumps(OFFICIAL)[:200]))


def test_results_of_all_kinds_come_back(written, tmp_path):
    videos = read_activitynet_results(written(RESULTS))
    assert videos.videos[0].segments == (Segment(1.0, 2.5, "Surfing", 0.5), Segment(1.0, 2.5, "", 0.25))
    assert videos.videos[0].labels == (Label("Archery", 0.125),)
    assert videos.classes == ("Archery", "Surfing")
    write_activitynet_results(tmp_path / "back.json", videos)
    assert json.loads((tmp_path / "back.json").read_text()) == RESULTS


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"score": float("nan"), "label": "run"}, "result 1 has the score nan; expected a finite number"),
        ({"label": "run", "segment": [1, 2]}, "result 1 is .*; expected a score"),
        ({"score": 1.0, "segment": [2.0, 1.0]}, r"the segment \[2.0, 1.0\], which ends before it starts"),
        ({"score": 1.0, "label": 3}, "result 1 has the label 3"),
    ],
)
def test_a_result_that_is_none_is_an_error_with_file_video_and_value(written, entry, message):
    with pytest.raises(AnnotationError, match=f"given.json: video abc.*{message}"):
        read_activitynet_results(written({"results": {"abc": [entry]}}))


def test_an_unknown_label_in_results_is_an_error_where_the_classes_are_given(written):
    with pytest.raises(AnnotationError, match="video abc, result 1 has the label 'Surfing'"):
        read_activitynet_results(written(RESULTS), classes=["run"])


def test_a_result_without_a_score_is_not_written(tmp_path):
    with pytest.raises(AnnotationError, match="clip has a result without a score"):
        write_activitynet_results(tmp_path / "a.json", VideoSet((Video("clip", segments=(Segment(0, 1, "run"),)),)))


def test_a_file_of_bsn_comes_back(written, tmp_path):
    rows = [{"segment": [6.25, 7.5], "label": "Ballet"}, {"segment": [8, 8], "label": "Ballet"}]
    entry = {"duration_second": 82.73, "duration_frame": 2067, "annotations": rows, "feature_frame": 2064}
    videos = read_bsn(written({"v_QO": entry}))
    assert videos.videos[0].path == "QO"
    write_bsn(tmp_path / "back.json", videos)
    assert json.loads((tmp_path / "back.json").read_text()) == {"v_QO": entry}


def test_the_features_of_bsn_cover_their_share_of_the_video():
    video = Video("QO", duration=100.0, num_frames=2000, extra={"feature_frame": 1600})
    assert feature_seconds(video) == 80.0


def test_the_subsets_of_bsn_come_from_the_csv_of_videos(written, tmp_path):
    table = tmp_path / "info.csv"
    table.write_text("video,numFrame,seconds,fps,rfps,subset,featureFrame\nv_QO,20,2.5,8.0,8.01,validation,16\n")
    entry = {"duration_second": 2.4, "duration_frame": 20, "annotations": [], "feature_frame": 16}
    video = read_bsn(written({"v_QO": entry}), info=table).videos[0]
    assert (video.subset, video.frame_rate, video.duration) == ("validation", 8.0, 2.4)
    write_bsn_info(tmp_path / "back.csv", read_bsn_info(table))
    assert (tmp_path / "back.csv").read_text() == table.read_text()
    with pytest.raises(AnnotationError, match=r"video v_other is not in .*info.csv"):
        read_bsn(written({"v_other": entry}), info=table)


TIMES = st.floats(0, 1e5)
SEGMENTS = st.builds(
    lambda times, label: Segment(min(times), max(times), label),
    st.tuples(TIMES, TIMES),
    st.sampled_from(["run", "jump"]),
)
VIDEOS = st.builds(
    Video,
    st.text(st.characters(codec="utf-8"), min_size=1),
    duration=st.none() | TIMES,
    frame_rate=st.none() | st.floats(1, 120),
    subset=st.none() | st.sampled_from(["training", "validation"]),
    segments=st.lists(SEGMENTS, max_size=4).map(tuple),
)


@given(st.lists(VIDEOS, max_size=4, unique_by=lambda video: video.path))
def test_videos_come_back_from_the_ground_truth_that_they_are_written_to(tmp_path_factory, videos):
    path = tmp_path_factory.mktemp("database") / "a.json"
    write_activitynet(path, VideoSet(tuple(videos), ("run", "jump")))
    assert read_activitynet(path, classes=["run", "jump"]).videos == tuple(videos)


@given(st.lists(VIDEOS, max_size=4, unique_by=lambda video: video.path), st.floats(0, 1))
def test_results_come_back(tmp_path_factory, videos, score):
    path = tmp_path_factory.mktemp("results") / "a.json.gz"
    scored = tuple(
        Video(video.path, segments=tuple(replace(segment, score=score) for segment in video.segments))
        for video in videos
    )
    write_activitynet_results(path, VideoSet(scored))
    assert read_activitynet_results(path).videos == scored


@real
def test_the_real_annotation_has_the_published_counts_and_comes_back(tmp_path):
    source = SHARED / "anet_anno_action.json.gz"
    videos = read_bsn(source, info=SHARED / "video_info_new.csv.gz")
    assert Counter(video.subset for video in videos) == {"training": 9649, "validation": 4728, "testing": 4851}
    instances = Counter(video.subset for video in videos for _ in video.segments)
    assert instances == {"training": 14859, "validation": 7293}
    assert len(videos.classes) == 200
    write_bsn(tmp_path / "back.json", videos)
    assert read_json(tmp_path / "back.json", "BSN") == read_json(source, "BSN")


@real
def test_the_real_csv_of_videos_comes_back_to_the_byte(tmp_path):
    source = SHARED / "video_info_new.csv.gz"
    write_bsn_info(tmp_path / "back.csv.gz", read_bsn_info(source))
    assert read_text(tmp_path / "back.csv.gz", "csv") == read_text(source, "csv")


@real
@pytest.mark.parametrize("kind", ["detection", "classification"])
def test_the_real_submissions_have_their_counts_and_come_back(kind, tmp_path):
    source = SHARED / f"sample_{kind}_prediction.json.gz"
    videos = read_activitynet_results(source)
    assert len(videos) == 4926
    if kind == "detection":
        assert sum(len(video.segments) for video in videos) == 7654
    write_activitynet_results(tmp_path / "back.json", videos)
    assert read_json(tmp_path / "back.json", "results") == read_json(source, "results")


@real
def test_the_real_ground_truths_in_the_official_layout_come_back(tmp_path):
    sources = sorted((SHARED / "subsets").glob("*.json.gz"))
    assert len(sources) == 4
    for source in sources:
        write_activitynet(tmp_path / "back.json", read_activitynet(source))
        assert read_json(tmp_path / "back.json", "ground truth") == read_json(source, "ground truth")
