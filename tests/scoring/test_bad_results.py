"""What is wrong in a file is said in one sentence with the file, the place and the value."""

import json
from dataclasses import replace

import numpy as np
import pytest
from benchmark_files import CASES, activitynet, ava, jhmdb, tube, write

from tubelet.annotations.pickles import save_pickle
from tubelet.errors import TubeletError
from tubelet.scoring import score


def refused(name, files, *words):
    """The sentence that scoring ends with, which holds the words."""
    with pytest.raises(TubeletError) as caught:
        score(name, files)
    sentence = str(caught.value)
    assert "\n" not in sentence
    for word in words:
        assert word in sentence, sentence


def changed(files, **fields):
    """ActivityNet results whose second entry has other fields."""
    content = json.loads(files.predictions.read_text())
    content["results"]["v"][1].update(fields)
    files.predictions.write_text(json.dumps(content))
    return files


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"score": float("nan")}, ("found.json: video v, result 2", "score", "nan")),
        ({"segment": [30, 20]}, ("found.json: video v, result 2", "[30, 20]")),
        ({"label": "juggling"}, ("found.json: video v, result 2", "'juggling'", "2 classes")),
    ],
)
def test_a_segment_that_no_result_can_have(fields, words, tmp_path):
    files, _ = activitynet(tmp_path)
    refused("activitynet", changed(files, **fields), *words)


def test_results_that_are_cut_short(tmp_path):
    files, _ = activitynet(tmp_path)
    files.predictions.write_text(files.predictions.read_text()[:-20])
    refused("activitynet", files, "found.json: line 1 is not JSON")


def test_results_that_name_no_video_of_the_ground_truth(tmp_path):
    files, _ = activitynet(tmp_path)
    write(tmp_path, "found.json", {"results": {"v_v": [{"label": "a", "score": 1, "segment": [0, 1]}]}})
    refused("activitynet", files, "'v_v'", "none of them", "'v'")


def test_a_subset_that_is_not_there(tmp_path):
    files, _ = activitynet(tmp_path)
    refused("activitynet", replace(files, subset="testing"), "truth.json", "testing", "it has validation")


def test_a_file_of_another_benchmark(tmp_path):
    files, _ = activitynet(tmp_path)
    (tmp_path / "ava").mkdir()
    other, _ = ava(tmp_path / "ava")
    refused("activitynet", replace(files, ground_truth=other.ground_truth), "truth.csv looks like the format ava")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("movie,0902,0.1,0.1,0.5,0.9,12,nan", ("line 2", "'nan'")),
        ("movie,0902,0.1,0.1,0.5,12,0.9", ("line 2 has 7 cells",)),
        ("movie,0902,0.1,0.1,0.5", ("line 2 has 5 cells",)),
        ("movie,0902,10,10,50,90,12,0.9", ("line 2", "[10.0, 10.0, 50.0, 90.0]", "fractions")),
        ("movie,0902,0.1,0.1,1.3,0.9,12,0.9", ("line 2", "1.3", "fractions")),
        ("movie,0902,0.1,0.1,0.5,0.9,81,0.9", ("line 2", "action id 81", "1 to 80")),
    ],
)
def test_a_row_that_no_csv_of_ava_can_have(line, words, tmp_path):
    files, _ = ava(tmp_path)
    files.predictions.write_text(f"movie,0902,0.1,0.1,0.5,0.9,12,0.9\n{line}\n")
    refused("ava", files, "found.csv", *words)


def test_a_csv_of_ava_without_boxes(tmp_path):
    files, _ = ava(tmp_path)
    files.predictions.write_text("\n")
    refused("ava", files, "found.csv has no boxes")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("id9_000000_000010,run,0.5", ("line 6", "'id9_000000_000010'", "the ground truth lacks")),
        ("id0_000000_000010,swim,0.5", ("line 6", "'swim'", "2 names")),
        ("id0_000000_000010,2,0.5", ("line 6", "'2'", "0 to 1")),
        ("id0_000000_000010,walk,nan", ("line 6", "score", "nan")),
        ("id0_000000_000010,walk", ("line 6 has 2 cells",)),
        ("id0_000000_000010,run,0.5", ("line 6", "second time")),
    ],
)
def test_a_row_that_no_csv_of_scores_can_have(line, words, tmp_path):
    files, _ = CASES["kinetics"](tmp_path)
    files.predictions.write_text(f"{files.predictions.read_text()}\n{line}\n")
    refused("kinetics", files, "found.csv", *words)


def test_scores_of_too_few_videos(tmp_path):
    files, _ = CASES["kinetics"](tmp_path)
    files.predictions.write_text("video,class,score\nid0_000000_000010,run,1\n")
    refused("kinetics", files, "no scores for 2 of the 3 videos", "'id1_000000_000010'")


def test_an_array_of_another_shape(tmp_path):
    files, _ = CASES["ucf101"](tmp_path)
    np.save(files.predictions, np.zeros((2, 101)))
    refused("ucf101", files, "found.npy", "(2, 101)", "(2, 2)")


def test_an_array_of_objects_is_not_loaded(tmp_path):
    files, _ = CASES["ucf101"](tmp_path)
    np.save(files.predictions, np.array([print], dtype=object))
    refused("ucf101", files, "found.npy", "plain arrays")


def test_a_tube_outside_of_its_frame(tmp_path):
    files, _ = jhmdb(tmp_path)
    rows = tube(columns=6)
    rows[:, 3] = 400
    save_pickle(files.predictions, {0: [("one/a", 0.9, rows)]})
    refused("jhmdb", files, "video_detections.pkl", "one/a", "outside")


def test_a_tube_of_a_video_that_the_ground_truth_lacks(tmp_path):
    files, _ = jhmdb(tmp_path)
    save_pickle(files.predictions, {0: [("three/c", 0.9, tube(columns=6))]})
    refused("jhmdb", files, "video_detections.pkl", "'three/c'")


def test_a_tube_whose_score_is_no_number(tmp_path):
    files, _ = jhmdb(tmp_path)
    save_pickle(files.predictions, {0: [("one/a", float("nan"), tube(columns=6))]})
    refused("jhmdb", files, "video_detections.pkl", "label 0, tube 0")


def test_our_own_json_without_scores(tmp_path):
    files, _ = activitynet(tmp_path)
    segment = {"start": 0, "end": 10, "label": "a"}
    own = {"format": "tubelet", "version": 1, "classes": ["a"], "videos": [{"path": "v", "segments": [segment]}]}
    refused("activitynet", replace(files, predictions=write(tmp_path, "own.json", own)), "own.json", "no score")
