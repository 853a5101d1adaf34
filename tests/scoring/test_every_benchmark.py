"""Every benchmark from tiny official files; the figures are those of benchmark_files, found by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
from benchmark_files import CASES, act_truth, activitynet, ava, jhmdb, multisports, thumos14, tube, write

from tubelet.annotations import Box, Label, Segment, Tube, Video, save_videos
from tubelet.annotations.pickles import load_pickle, save_pickle
from tubelet.scoring import BENCHMARKS, Files, ScoringError, score


def test_every_benchmark_has_a_case():
    assert set(CASES) == set(BENCHMARKS)


@pytest.mark.parametrize("name", CASES)
def test_the_figures_are_those_found_by_hand(name, tmp_path):
    files, expected = CASES[name](tmp_path)
    figures = score(name, files).figures
    assert {key: figures[key] for key in expected} == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_a_score_saves_as_whole_json_and_says_the_official_lines(name, tmp_path):
    files, expected = CASES[name](tmp_path)
    found = score(name, files)
    found.save(tmp_path / "results.json")
    saved = json.loads((tmp_path / "results.json").read_text())
    assert saved["benchmark"] == name
    assert set(expected) <= set(saved["figures"])
    assert saved["official"] == list(found.official) != []


@pytest.mark.parametrize("name", ["activitynet", "thumos14", "multithumos", "epic-kitchens", "jhmdb", "multisports"])
def test_detections_have_a_breakdown_of_errors(name, tmp_path):
    files, _ = CASES[name](tmp_path)
    assert score(name, files, errors=True).to_dict()["errors"]


def test_boxes_on_key_frames_have_no_breakdown(tmp_path):
    files, _ = ava(tmp_path)
    with pytest.raises(ScoringError, match="ava has no breakdown of errors"):
        score("ava", files, errors=True)


def test_an_interval_lies_around_its_figure(tmp_path):
    files, _ = activitynet(tmp_path)
    found = score("activitynet", files, intervals=True)
    assert set(found.intervals) == set(found.figures)
    one = found.intervals["average mAP"]
    assert one.low <= one.figure <= one.high


def test_the_interval_of_an_accuracy_is_that_of_a_mean(tmp_path):
    files, _ = CASES["kinetics"](tmp_path)
    one = score("kinetics", files, intervals=True).intervals["top-1"]
    # hits 1, 1, 0: standard deviation sqrt(2) / 3, over sqrt(3), times 1.96; no accuracy is above 1
    assert one.figure - one.low == pytest.approx(1.959964 * 2**0.5 / 3 / 3**0.5)
    assert one.high == 1.0


def test_segments_in_our_own_json_score_like_official_results(tmp_path):
    files, expected = activitynet(tmp_path)
    segments = (Segment(0, 10, "a", 0.9), Segment(20, 28.2, "b", 0.8))
    save_videos(tmp_path / "own.json", [Video("v", segments=segments)], ["a", "b"])
    figures = score("activitynet", replace(files, predictions=tmp_path / "own.json")).figures
    assert figures == pytest.approx(expected)


def test_boxes_in_our_own_json_score_like_the_official_csv(tmp_path):
    files, expected = ava(tmp_path)
    boxes = (Box(902.0, (0.1, 0.1, 0.5, 0.74), "12", 0.9),)
    save_videos(tmp_path / "own.json", [Video("movie", boxes=boxes)], ["12"])
    assert score("ava", replace(files, predictions=tmp_path / "own.json")).figures == pytest.approx(expected)


def test_tubes_in_our_own_json_score_like_the_official_pickle(tmp_path):
    files, expected = jhmdb(tmp_path)
    times, boxes = np.arange(20) / 30.0, tube()[:, 1:] / np.array([320, 240, 320, 240])
    tubes = (Tube(times, boxes, "run", 0.9), Tube(times, boxes, "walk", 0.8))
    save_videos(tmp_path / "own.json", [Video("one/a", frame_rate=30.0, tubes=tubes)], ["run", "walk"])
    figures = score("jhmdb", replace(files, predictions=tmp_path / "own.json")).figures
    assert {name: figures[name] for name in expected} == pytest.approx(expected)


def test_tubelets_are_linked_to_tubes(tmp_path):
    files, expected = jhmdb(tmp_path)
    starts = np.arange(1, 15)
    boxes = np.tile(np.float32([10, 10, 50, 90]), (len(starts), 7, 1))
    zeros = np.zeros(len(starts), int)
    scores = np.full(len(starts), 0.9)
    np.savez(tmp_path / "own.npz", videos=["one/a"], video=zeros, label=zeros, start=starts, boxes=boxes, score=scores)
    figures = score("jhmdb", replace(files, predictions=tmp_path / "own.npz")).figures
    assert figures["video-mAP@0.5"] == pytest.approx(expected["video-mAP@0.2"])


@pytest.mark.parametrize("flavour", ["act", "yowo"])
def test_boxes_on_frames_are_linked_to_tubes(flavour, tmp_path):
    files, _ = jhmdb(tmp_path)
    rows = [[0, frame, 0, 0.9, 10, 10, 50, 90] for frame in range(1, 21)]
    save_pickle(tmp_path / "frame_detections.pkl", np.array(rows, np.float64))
    figures = score("jhmdb", replace(files, predictions=tmp_path / "frame_detections.pkl"), flavour=flavour).figures
    assert figures["video-mAP@0.5"] == pytest.approx(0.5, abs=1e-4)
    assert figures["frame-mAP@0.5"] == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize(("name", "split"), [("jhmdb", 2), ("multisports", 1)])
def test_detections_number_the_videos_as_the_test_list_of_the_split_does(name, split, tmp_path):
    files, _ = CASES[name](tmp_path)
    truth = load_pickle(files.ground_truth, "ground truth")
    listed = list(reversed(truth["gttubes"]))
    lists = [listed[:1]] * (split - 1) + [listed]
    save_pickle(files.ground_truth, {**truth, "test_videos": lists, "train_videos": [[]] * split})
    rows = [[1 - label, frame, label, 0.9, 10, 10, 50, 90] for label in (0, 1) for frame in range(1, 21)]
    save_pickle(tmp_path / "frame_detections.pkl", np.array(rows, np.float64))
    files = replace(files, predictions=tmp_path / "frame_detections.pkl", split=split)
    assert score(name, files).figures["frame-mAP@0.5"] == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["jhmdb", "multisports"])
def test_a_file_without_tubes_scores_nothing(name, tmp_path):
    files, expected = CASES[name](tmp_path)
    save_pickle(files.predictions, {0: []})
    assert score(name, files).figures.keys() >= expected.keys()
    assert set(score(name, files).figures.values()) == {0.0}


@pytest.mark.parametrize(("name", "flavour"), [("jhmdb", "act"), ("multisports", "mmaction2")])
def test_what_linking_drops_is_counted(name, flavour, tmp_path):
    files, _ = CASES[name](tmp_path)
    rows = [[0, frame, 0, 0.9, 10, 10, 50, 90] for frame in range(1, 13)]
    save_pickle(tmp_path / "frame_detections.pkl", np.array(rows, np.float64))
    files = replace(files, predictions=tmp_path / "frame_detections.pkl")
    notes = score(name, files, flavour=flavour).notes
    assert [count for what, count in notes.items() if "under 15 frames" in what] == [1]


def test_multisports_takes_boxes_beside_tubes(tmp_path):
    files, _ = multisports(tmp_path)
    rows = [[video, frame, video, 0.9, 10, 10, 50, 90] for video in (0, 1) for frame in range(1, 21)]
    save_pickle(tmp_path / "frame_detections.pkl", np.array(rows, np.float64))
    figures = score("multisports", replace(files, boxes=tmp_path / "frame_detections.pkl")).figures
    assert figures["frame-mAP@0.5"] == pytest.approx(1.0)
    assert figures["video-mAP@0.5"] == pytest.approx(0.5)


def test_a_tube_of_one_frame_is_found_only_by_the_corrected_overlap(tmp_path):
    truth = act_truth(tmp_path, ("football pass", "volleyball spike"))
    for name in ("one", "found"):
        save_pickle(tmp_path / f"{name}.pkl", None)
    content = {
        "labels": ["football pass"],
        "gttubes": {"one/a": {0: [tube(1, 1)]}},
        "nframes": {"one/a": 20},
        "train_videos": [[]],
        "test_videos": [["one/a"]],
        "resolution": {"one/a": (240, 320)},
    }
    save_pickle(truth, content)
    save_pickle(tmp_path / "found.pkl", {0: [("one/a", 0.9, tube(1, 1, 6))]})
    files = Files(truth, tmp_path / "found.pkl")
    assert score("multisports", files).figures["video-mAP@0.5"] == 0.0
    assert score("multisports", files, flavour="corrected").figures["video-mAP@0.5"] == 1.0


def test_labels_in_our_own_json_may_leave_classes_out(tmp_path):
    files, expected = CASES["kinetics"](tmp_path)
    best = ("run", "walk", "run")
    videos = [Video(f"clips/id{n}_000000_000010.mp4", labels=(Label(name, 0.5),)) for n, name in enumerate(best)]
    save_videos(tmp_path / "own.json", videos, ["run", "walk"])
    assert score("kinetics", replace(files, predictions=tmp_path / "own.json")).figures == pytest.approx(expected)


def test_what_the_official_tool_ignores_is_counted(tmp_path):
    files, _ = ava(tmp_path)
    notes = score("ava", files).notes
    assert notes == {"predictions of classes that do not count": 1}


def test_predictions_in_videos_without_ground_truth_are_counted_as_the_tool_does(tmp_path):
    files, _ = activitynet(tmp_path)
    content = json.loads(files.predictions.read_text())
    content["results"]["other"] = [{"label": "a", "score": 1.0, "segment": [0, 1]}]
    write(tmp_path, "found.json", content)
    found = score("activitynet", files)
    assert found.notes == {"predictions in videos that the ground truth lacks; they count as wrong": 1}
    assert found.figures["mAP@0.5"] == pytest.approx(0.75)  # a is now second: 1 / 2

    files, expected = thumos14(tmp_path)
    files.predictions.write_text(files.predictions.read_text() + "\nvideo_test_0000009 0 10 26 1.0\n")
    found = score("thumos14", files)
    assert found.notes == {"predictions in videos without an instance": 1}
    assert found.figures["mAP@0.7"] == pytest.approx(expected["mAP@0.7"])


def test_proposals_in_videos_without_an_instance_share_the_budget(tmp_path):
    files, _ = CASES["thumos14-proposals"](tmp_path)
    content = json.loads(files.predictions.read_text())
    content["results"]["video_test_0000009"] = [{"score": 1.0, "segment": [0, 1]}] * 3800
    write(tmp_path, "found.json", content)
    found = score("thumos14-proposals", files)
    assert found.notes == {"proposals in videos without an instance; they share the budget": 3800}
    # 4,000 where 1,000 for each of two videos are allowed: half is kept, 75 of 150 and 25 of 50
    assert found.figures["AR@1000"] == pytest.approx(3 / 11)


def test_a_benchmark_refuses_what_it_does_not_look_at(tmp_path):
    files, _ = activitynet(tmp_path)
    with pytest.raises(ScoringError, match="activitynet has no use for split 2"):
        score("activitynet", replace(files, split=2))
    with pytest.raises(ScoringError, match=r"activitynet has no flavour 'slowfast'; expected one of official"):
        score("activitynet", files, flavour="slowfast")
    with pytest.raises(ScoringError, match="there is no benchmark 'activitinet'"):
        score("activitinet", files)
