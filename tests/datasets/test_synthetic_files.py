"""The synthetic benchmark on disk: mp4 files that read back as drawn, annotation files, going on after a stop."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from tubelet.annotations import load_videos
from tubelet.annotations.class_folders import read_class_folders
from tubelet.annotations.video_list import read_video_list
from tubelet.datasets.synthetic import CLASSES, SyntheticError, clip_scene, synthetic_video, write_synthetic
from tubelet.video import VideoReader

SETTINGS = {
    "videos": 4,
    "clips": 16,
    "seconds": (3.0, 5.0),
    "size": (96, 128),
    "clip_size": 64,
    "shares": {"train": 0.5, "val": 0.5},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("synthetic")
    write_synthetic(out, **SETTINGS)
    return out


def test_a_clip_reads_back_as_it_was_drawn(folder) -> None:
    scene, label = clip_scene("val", 3, size=64)
    with VideoReader(folder / "clips" / "val" / CLASSES[label] / "val_000003.mp4") as reader:
        frames = reader.frames(range(16))
        assert (len(reader), reader.metadata.width, reader.metadata.height) == (16, 64, 64)
    error = np.abs(frames.astype(float) - scene.render())
    assert error.mean() < 4  # of 255: what H.264 and its halved colour planes leave


def test_a_video_reads_back_with_its_length_and_rate(folder) -> None:
    videos = load_videos(folder / "videos.json")
    assert [video.path for video in videos] == [
        "videos/train/train_000000.mp4",
        "videos/train/train_000001.mp4",
        "videos/val/val_000000.mp4",
        "videos/val/val_000001.mp4",
    ]
    for video in videos:
        with VideoReader(folder / video.path) as reader:
            assert len(reader) == video.num_frames
            assert reader.metadata.average_rate == pytest.approx(video.frame_rate)
            np.testing.assert_allclose(reader.timestamps, np.arange(len(reader)) / 16, atol=1e-3)
            last = reader.frames([len(reader) - 1])
        scene = synthetic_video(str(video.subset), int(video.path[-10:-4]), video.duration, (96, 128))
        assert np.abs(last.astype(float) - scene.render([scene.num_frames - 1])).mean() < 5


def test_our_own_annotations_are_those_of_the_scenes(folder) -> None:
    videos = load_videos(folder / "videos.json")
    assert videos.classes == CLASSES
    for video in videos:
        scene = synthetic_video(str(video.subset), int(video.path[-10:-4]), video.duration, (96, 128))
        expected = scene.annotations()
        assert (video.segments, video.boxes, video.tubes) == (expected.segments, expected.boxes, expected.tubes)
    clips = load_videos(folder / "clips.json")
    assert [clip.labels[0].name for clip in clips] == [*CLASSES[:8], *CLASSES[:8]]


def test_the_list_of_clips_and_the_class_folders_say_the_same(folder) -> None:
    for split in ("train", "val"):
        listed = read_video_list(folder / "clips" / f"{split}.csv", classes=folder / "classes.txt")
        assert listed.classes == CLASSES
        expected = {f"{split}/{CLASSES[n]}/{split}_{n:06d}.mp4": CLASSES[n] for n in range(8)}
        assert {video.path: video.labels[0].name for video in listed} == expected
        found = read_class_folders(folder / "clips" / split)
        assert {f"{split}/{video.path}": video.labels[0].name for video in found} == expected
    assert not (folder / "clips" / "test.csv").exists()


def test_segments_are_written_as_activitynet_has_them(folder) -> None:
    database = json.loads((folder / "videos" / "activitynet.json").read_text())["database"]
    assert {entry["subset"] for entry in database.values()} == {"training", "validation"}
    for video in load_videos(folder / "videos.json"):
        entry = database[Path(video.path).stem]
        assert entry["duration"] == video.duration
        segments = [(*item["segment"], item["label"]) for item in entry["annotations"]]
        assert segments == [(segment.start, segment.end, segment.label) for segment in video.segments]


def test_boxes_are_written_as_ava_has_them(folder) -> None:
    videos = [video for video in load_videos(folder / "videos.json") if video.subset == "train"]
    expected = [(Path(video.path).stem, box) for video in videos for box in video.boxes]
    assert expected
    with (folder / "videos" / "ava_train.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == len(expected)
    for (name, second, *corners, action, actor), (video_name, box) in zip(rows, expected, strict=True):
        assert (name, float(second), CLASSES[int(action) - 1], actor) == (video_name, box.time, box.label, box.actor)
        np.testing.assert_allclose([float(value) for value in corners], box.xyxy, atol=1e-4)
    names = (folder / "videos" / "ava_actions.pbtxt").read_text()
    assert 'name: "move_left"\n  id: 1\n' in names


def test_a_second_run_writes_only_what_is_missing(folder) -> None:
    files = sorted(folder.rglob("*.mp4"))
    files[0].unlink()
    stamps = [path.stat().st_mtime_ns for path in files[1:]]
    calls = []
    write_synthetic(folder, **SETTINGS, progress=lambda done, total: calls.append((done, total)))
    assert files[0].is_file()
    assert [path.stat().st_mtime_ns for path in files[1:]] == stamps
    assert calls == [(done, 20) for done in range(1, 21)]
    assert not [path for path in folder.rglob("*") if path.name.startswith(".") or path.suffix in {".part", ".tmp"}]


def test_a_folder_made_with_other_settings_is_refused(folder) -> None:
    with pytest.raises(SyntheticError, match="was made with difficulty medium, not hard"):
        write_synthetic(folder, **SETTINGS | {"difficulty": "hard"})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"videos": 0, "clips": 0}, "leave nothing to write"),
        ({"shares": {"train": 1.0, "dev": 0.2}}, "expected parts >= 0 of train, val, test"),
        ({"seconds": (9.0, 3.0)}, "last 9.0 to 3.0 s"),
        ({"difficulty": "brutal"}, "expected one of easy, medium, hard"),
    ],
)
def test_wrong_settings_are_told_before_anything_is_written(tmp_path, wrong, message) -> None:
    with pytest.raises(SyntheticError, match=message):
        write_synthetic(tmp_path / "out", **SETTINGS | wrong)
    assert not (tmp_path / "out").exists()
