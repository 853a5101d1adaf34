"""Tiny official files for every benchmark, whose figures are found by hand: what stands in each comment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.io

from tubelet.annotations.pickles import save_pickle
from tubelet.annotations.thumos14 import THUMOS14_NUMBERS
from tubelet.scoring import Files

Case = tuple[Files, dict[str, float]]


def write(folder: Path, name: str, content: object) -> Path:
    """A file of text, or of JSON."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def database(folder: Path, subset: str, **more: object) -> Path:
    """ActivityNet's layout: a from 0 to 10 s and b from 20 to 30 s of one video."""
    rows = [{"segment": [0, 10], "label": "a", **more}, {"segment": [20, 30], "label": "b", **more}]
    return write(folder, "truth.json", {"database": {"v": {"subset": subset, "duration": 50, "annotations": rows}}})


def results(folder: Path, end: float, labels: tuple[str, str] = ("a", "b")) -> Path:
    """Both found; the second ends early, so that it overlaps by (end - 20) / 10."""
    rows = [
        {"label": labels[0], "score": 0.9, "segment": [0, 10]},
        {"label": labels[1], "score": 0.8, "segment": [20, end]},
    ]
    return write(folder, "found.json", {"version": "1", "results": {"v": rows}})


def kinetics(folder: Path) -> Case:
    rows = [f"{label},id{n},0,10,val" for n, label in enumerate(("run", "walk", "walk"))]
    truth = write(folder, "truth.csv", "\n".join(["label,youtube_id,time_start,time_end,split", *rows]))
    names = [f"id{n}_000000_000010" for n in range(3)]
    scores = [(names[0], "run", 0.9), (names[1], "walk", 0.8), (names[2], "run", 0.7), (names[2], "walk", 0.3)]
    lines = ["video,class,score", *(f"{video},{label},{score}" for video, label, score in scores)]
    # the third is taken for run: 2 of 3; run 1 of 1 and walk 1 of 2
    expected = {"top-1": 2 / 3, "top-5": 1.0, "mean class accuracy": 0.75}
    return Files(truth, write(folder, "found.csv", "\n".join(lines))), expected


def ucf101(folder: Path) -> Case:
    write(folder, "lists/classInd.txt", "1 Run\n2 Walk\n")
    write(folder, "lists/trainlist01.txt", "Run/v_Run_g08_c01.avi 1\n")
    write(folder, "lists/testlist01.txt", "Run/v_Run_g01_c01.avi\nWalk/v_Walk_g01_c01.avi\n")
    np.save(folder / "found.npy", np.array([[2.0, 1.0], [2.0, 1.0]]))
    return Files(folder / "lists", folder / "found.npy"), {"top-1": 0.5, "top-5": 1.0, "mean class accuracy": 0.5}


def hmdb51(folder: Path) -> Case:
    write(folder, "lists/run_test_split2.txt", "a.avi 2 \nb.avi 1 \n")
    write(folder, "lists/walk_test_split2.txt", "c.avi 2 \nd.avi 0 \n")
    np.savez(folder / "found.npz", videos=["c", "a"], scores=[[1.0, 2.0], [3.0, 4.0]], classes=["walk", "run"])
    # of c the second class, run, is best, which is wrong; of a too, which is right
    return Files(folder / "lists", folder / "found.npz", split=2), {"top-1": 0.5, "top-5": 1.0}


def something_something(folder: Path) -> Case:
    labels = write(folder, "labels.json", {"Holding something": "0", "Moving something": "1"})
    entries = [
        {"id": "7", "label": "holding a cup", "template": "Holding [something]", "placeholders": ["a cup"]},
        {"id": "8", "label": "moving a cup", "template": "Moving [something]", "placeholders": ["a cup"]},
    ]
    found = {"format": "tubelet", "version": 1, "classes": ["Holding something", "Moving something"]}
    found["videos"] = [
        {"path": f"{video}.webm", "labels": [{"name": name, "score": 0.9}]}
        for video, name in (("7", "Holding something"), ("8", "Moving something"))
    ]
    files = Files(write(folder, "truth.json", entries), write(folder, "found.json", found), classes=labels)
    return files, {"top-1": 1.0, "mean class accuracy": 1.0}


EPIC_COLUMNS = (
    "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,stop_frame,"
    "narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes"
)


def epic_truth(folder: Path) -> Path:
    """Verb 0 on noun 0 from 0 to 10 s, verb 1 on noun 2 from 20 to 30 s."""
    rows = [
        f"P01_01_{n},P01,P01_01,,00:00:{start:02d}.00,00:00:{start + 10}.00,1,2,x,take,{verb},cup,{noun},[],[]"
        for n, (start, verb, noun) in enumerate(((0, 0, 0), (20, 1, 2)))
    ]
    return write(folder, "EPIC_100_validation.csv", "\n".join([EPIC_COLUMNS, *rows]))


def epic_kitchens(folder: Path) -> Case:
    entries = [
        {"verb": 0, "noun": 0, "action": "0,0", "score": 0.9, "segment": [0, 10]},
        {"verb": 1, "noun": 2, "action": "1,2", "score": 0.8, "segment": [20, 23.5]},
    ]
    found = write(folder, "found.json", {"version": "0.2", "results": {"P01_01": entries}})
    # the second overlaps by 0.35, enough at 0.1, 0.2, 0.3: (1 + 3 / 5) / 2
    expected = {"action average mAP": 0.8, "verb mAP@0.3": 1.0, "noun mAP@0.5": 0.5}
    return Files(epic_truth(folder), found), expected


def epic_recognition(folder: Path) -> Case:
    write(folder, "EPIC_100_tail_verbs.csv", "verb\n1\n")
    write(folder, "EPIC_100_tail_nouns.csv", "noun\n5\n")
    verbs, nouns = np.zeros((2, 97)), np.zeros((2, 300))
    verbs[[0, 1], [0, 1]] = 5.0
    nouns[[0, 1], [0, 3]] = 5.0  # the noun of the second segment is 2
    np.savez(folder / "found.npz", narration_ids=["P01_01_0", "P01_01_1"], verb_scores=verbs, noun_scores=nouns)
    expected = {"action top-1": 0.5, "verb top-1": 1.0, "noun top-1": 0.5, "tail verb top-1": 1.0}
    return Files(epic_truth(folder), folder / "found.npz"), expected | {"tail action top-1": 0.0}


def charades_csv(folder: Path) -> Path:
    """Two videos of 25 s with an action each."""
    rows = ["v1,,,,,,,,,c000 0.00 12.00,25.00", "v2,,,,,,,,,c001 0.00 12.00,25.00"]
    heading = "id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length"
    return write(folder, "Charades_v1_test.csv", "\n".join([heading, *rows]))


def charades_classification(folder: Path) -> Case:
    lines = ["video,class,score", "v1,c000,0.2", "v2,c000,0.9", "v1,c001,0.1", "v2,1,0.5"]
    # c000 is found second: 1 / 2; c001 first: 1; the 155 others have no video
    return Files(charades_csv(folder), write(folder, "found.csv", "\n".join(lines))), {"mAP": 0.75}


def charades_localization(folder: Path) -> Case:
    lines = []
    for moment in range(25):
        for video, right in (("v1", 0), ("v2", 1)):
            scores = np.zeros(157)
            scores[right] = 1.0 if moment <= 12 else 0.5
            lines.append(" ".join([video, str(moment + 1), *map(str, scores)]))
    # 13 moments of each action stand first; all 157 classes are in the mean
    return Files(charades_csv(folder), write(folder, "found.txt", "\n".join(lines))), {"mAP": 2 / 157}


def charades(folder: Path) -> Case:
    truth = {"AAAAA": {"subset": "testing", "duration": 50.0, "actions": [[0, 0.0, 10.0], [1, 20.0, 30.0]]}}
    found = {"AAAAA": json.loads(results(folder, 26.2, ("c000", "c001")).read_text())["results"]["v"]}
    write(folder, "found.json", {"results": found})
    # 0.62 is enough at 6 of 9 overlaps
    return Files(write(folder, "truth.json", truth), folder / "found.json"), {"average mAP": (1 + 6 / 9) / 2}


def multithumos(folder: Path) -> Case:
    name = "video_test_0000001"
    truth = {name: {"subset": "testing", "duration": 50.0, "actions": [[1, 0.0, 10.0], [65, 20.0, 30.0]]}}
    found = {name: json.loads(results(folder, 26.2, ("1", "65")).read_text())["results"]["v"]}
    write(folder, "found.json", {"results": found})
    expected = {"average mAP": (1 + 6 / 9) / 2, "mAP@0.7": 0.5}
    return Files(write(folder, "truth.json", truth), folder / "found.json"), expected


def multithumos_frames(folder: Path) -> Case:
    name = "video_test_0000001"
    truth = {name: {"subset": "testing", "duration": 10.0, "actions": [[1, 0.0, 4.9]]}}
    info = write(folder, "info.csv", f"video,fps,count\n{name},4.0,40\n")
    scores = np.zeros((10, 65))
    scores[:, 0] = np.arange(10, 0, -1)
    np.savez(folder / "found.npz", **{name: scores})
    # the cells 0 to 4 are ranked first, so class 1 has 1; the 64 without a cell count 0
    return Files(write(folder, "truth.json", truth), folder / "found.npz", info=info), {"frame mAP": 1 / 65}


def thumos14_recognition(folder: Path) -> Case:
    fields = ["video_name", "primary_action", "primary_action_index", "background_video", "video_duration_seconds"]
    fields += ["secondary_actions", "secondary_actions_indices"]
    rows = [
        ("v1", "Run", 1, "NO", 9.0, [], []),
        ("v2", "Walk", 2, "NO", 9.0, [], []),
        ("v3", "Run", 1, "YES", 9.0, [], []),
    ]
    table = np.empty((1, 3), [(field, object) for field in fields])
    for column, row in enumerate(rows):
        table[0, column] = row
    scipy.io.savemat(folder / "test_set_meta.mat", {"test_videos": table})
    scores = np.zeros((3, 101))
    scores[:, 0] = [0.5, 0.1, 0.9]  # the background video first: 1 / 2
    scores[:, 1] = [0.1, 0.9, 0.2]
    np.save(folder / "found.npy", scores)
    # 1.5 over all 101 classes
    return Files(folder / "test_set_meta.mat", folder / "found.npy"), {"mAP": 1.5 / 101}


def activitynet_classification(folder: Path) -> Case:
    rows = {name: [{"segment": [0, 5], "label": label}] for name, label in (("v", "a"), ("w", "b"))}
    truth = {n: {"subset": "validation", "duration": 9, "annotations": one} for n, one in rows.items()}
    found = {"v": [{"label": "a", "score": 0.9}], "w": [{"label": "a", "score": 0.8}, {"label": "b", "score": 0.7}]}
    files = Files(write(folder, "truth.json", {"database": truth}), write(folder, "found.json", {"results": found}))
    # of w the wrong label comes first
    return files, {"mAP": 1.0, "hit@1": 0.5, "hit@3": 1.0}


def activitynet(folder: Path) -> Case:
    # 0.82 is enough at 7 of 10 overlaps
    expected = {"average mAP": 0.85, "mAP@0.5": 1.0, "mAP@0.75": 1.0, "mAP@0.95": 0.5}
    return Files(database(folder, "validation"), results(folder, 28.2)), expected


def fineaction(folder: Path) -> Case:
    rows = [
        {"segment": [0, 10], "label": "a", "label_id": 0, "filter": 0},
        {"segment": [20, 30], "label": "b", "label_id": 1, "filter": 0},
    ]
    entry = {"subset": "validation", "duration": 50, "fps": 25, "annotations": rows}
    return Files(write(folder, "truth.json", {"database": {"v": entry}}), results(folder, 28.2)), {"average mAP": 0.85}


def activitynet_proposals(folder: Path) -> Case:
    rows = [{"segment": [0, 10], "label": "a"}]
    truth = {"database": {"v": {"subset": "validation", "duration": 50, "annotations": rows}}}
    found = {"results": {"v": [{"score": 0.9, "segment": [0, 10]}]}}
    # found from the first point on: the area from 1 to 100 proposals is 99 of 100
    expected = {"AUC": 0.99, "AR@1": 1.0, "AR@100": 1.0}
    return Files(write(folder, "truth.json", truth), write(folder, "found.json", found)), expected


def thumos14(folder: Path) -> Case:
    rows = [{"segment": ["0", "10"], "label": "Diving"}, {"segment": ["20", "30"], "label": "Shotput"}]
    entry = {"subset": "test", "annotations": rows}
    truth = write(folder, "truth.json", {"database": {"video_test_0000001": entry}})
    lines = ["video_test_0000001.mp4 0 10 26 0.9", "video_test_0000001.mp4 20 26.2 79 0.8"]
    # 0.62 is enough at 4 of 5 overlaps
    expected = {"average mAP": 0.9, "mAP@0.6": 1.0, "mAP@0.7": 0.5}
    return Files(truth, write(folder, "found.txt", "\n".join(lines))), expected


def thumos14_proposals(folder: Path) -> Case:
    lines = [
        "video,type,type_idx,start,end,startFrame,endFrame",
        "video_test_0000001,Diving,26,0,10,0,300",
        "video_test_0000001,Ambiguous,0,20,30,600,900",
        "video_test_0000002,Diving,26,0,10,0,300",
    ]
    hits = {"video_test_0000001": (150, 75, 7.6), "video_test_0000002": (50, 26, 10)}
    found = {
        name: [{"score": 1 / rank, "segment": [0, end] if rank == hit else [40, 50]} for rank in range(1, listed + 1)]
        for name, (listed, hit, end) in hits.items()
    }
    # 50 a video are 75 of 150 and 25 of 50: one instance, by 0.76, enough at 6 of 11 overlaps; 100 are all there are
    expected = {"AR@50": 3 / 11, "AR@100": 17 / 22, "AR@200": 17 / 22, "AR@500": 17 / 22, "AR@1000": 17 / 22}
    return Files(
        write(folder, "truth.csv", "\n".join(lines)), write(folder, "found.json", {"results": found})
    ), expected


def thumos14_toolkit(folder: Path) -> Case:
    for name in THUMOS14_NUMBERS:
        write(folder, f"kit/{name}_test.txt", "video_test_0000001  0.0 10.0\n")
    write(folder, "kit/Ambiguous_test.txt", "video_test_0000001  40.0 50.0\n")
    found = [f"video_test_0000001 0 10 {number} 0.5" for number in list(THUMOS14_NUMBERS.values())[1:]]
    found.append("video_test_0000001 41 49 26 0.9")  # better scored, but in an ambiguous interval
    # 19 of 20 classes are found
    return Files(folder / "kit", write(folder, "found.txt", "\n".join(found))), {"mAP@0.5": 0.95, "mAP@0.1": 0.95}


def ava(folder: Path) -> Case:
    truth = "movie,0902,0.1,0.1,0.5,0.9,12,1\nmovie,0903,0.1,0.1,0.5,0.9,12,1\n"
    found = "movie,0902,0.1,0.1,0.5,0.74,12,0.9\nmovie,0902,0.1,0.1,0.5,0.74,2,0.9\n"
    # one of two is found; class 2 does not count
    return Files(write(folder, "truth.csv", truth), write(folder, "found.csv", found)), {"frame-mAP@0.5": 0.5}


def tube(first: int = 1, last: int = 20, columns: int = 5) -> np.ndarray:
    """A box that stands still."""
    rows = np.tile(np.array([0, 10, 10, 50, 90, 0.9], np.float32), (last - first + 1, 1))[:, :columns]
    rows[:, 0] = np.arange(first, last + 1)
    return rows


def act_truth(folder: Path, labels: tuple[str, str]) -> Path:
    """A tube of each class, in a video of its own."""
    videos = ["one/a", "two/b"]
    content = {
        "labels": list(labels),
        "gttubes": {"one/a": {0: [tube()]}, "two/b": {1: [tube()]}},
        "nframes": dict.fromkeys(videos, 20),
        "train_videos": [[]],
        "test_videos": [videos],
        "resolution": dict.fromkeys(videos, (240, 320)),
    }
    save_pickle(folder / "truth.pkl", content)
    return folder / "truth.pkl"


def tube_results(folder: Path, videos: tuple[str, str] = ("one/a", "two/b")) -> Path:
    """The first is found; in the place of the second, a tube of its class in the other video."""
    content = {0: [(videos[0], 0.9, tube(columns=6))], 1: [(videos[0], 0.8, tube(columns=6))]}
    save_pickle(folder / "video_detections.pkl", content)
    return folder / "video_detections.pkl"


def jhmdb(folder: Path) -> Case:
    expected = {"frame-mAP@0.5": 0.5, "video-mAP@0.2": 0.5, "video-mAP@0.75": 0.5, "video-mAP@0.5:0.95": 0.5}
    return Files(act_truth(folder, ("run", "walk")), tube_results(folder)), expected


def ucf24(folder: Path) -> Case:
    def video(label: int) -> dict[str, object]:
        boxes = np.tile(np.array([10, 10, 40, 80], np.uint8), (20, 1))
        return {"numf": 20, "label": label, "annotations": [{"label": label, "sf": 0, "ef": 20, "boxes": boxes}]}

    videos = ("Run/v_Run_g01_c01", "Walk/v_Walk_g01_c01")
    content = {videos[0]: video(0), videos[1]: video(1), "Walk/v_Walk_g08_c01": video(1)}
    save_pickle(folder / "pyannot.pkl", content)
    test_list = write(folder, "testlist01.txt", "\n".join(videos))
    files = Files(folder / "pyannot.pkl", tube_results(folder, videos), test_list=test_list)
    return files, {"frame-mAP@0.5": 0.5, "video-mAP@0.5": 0.5}


def multisports(folder: Path) -> Case:
    truth = act_truth(folder, ("football pass", "volleyball spike"))
    expected = {"frame-mAP@0.5": 0.5, "video-mAP@0.2": 0.5, "video-mAP@0.5": 0.5, "video-mAP@0.1:0.9": 0.5}
    return Files(truth, tube_results(folder)), expected


CASES: dict[str, Callable[[Path], Case]] = {
    "kinetics": kinetics,
    "ucf101": ucf101,
    "hmdb51": hmdb51,
    "something-something": something_something,
    "epic-kitchens-recognition": epic_recognition,
    "charades-classification": charades_classification,
    "thumos14-recognition": thumos14_recognition,
    "activitynet-classification": activitynet_classification,
    "activitynet": activitynet,
    "activitynet-proposals": activitynet_proposals,
    "hacs": activitynet,
    "fineaction": fineaction,
    "thumos14": thumos14,
    "thumos14-toolkit": thumos14_toolkit,
    "thumos14-proposals": thumos14_proposals,
    "epic-kitchens": epic_kitchens,
    "multithumos": multithumos,
    "multithumos-frames": multithumos_frames,
    "charades": charades,
    "charades-localization": charades_localization,
    "ava": ava,
    "jhmdb": jhmdb,
    "ucf101-24": ucf24,
    "multisports": multisports,
}
