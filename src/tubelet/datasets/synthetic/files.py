"""The synthetic benchmark on disk: real mp4 files with annotation files in the benchmarks' own formats.

- `settings.json`: what the folder was made with; `classes.txt`: a name a line, in the order of the class indices
- `clips.json`, `videos.json`: everything that is known of each, in tubelet's own format
- `clips/SPLIT/CLASS/NAME.mp4`: short clips of one action, a folder a class; `clips/SPLIT.csv`: a list of "path label"
- `videos/SPLIT/NAME.mp4`: long videos; `videos/activitynet.json`: their segments as ActivityNet has them
- `videos/ava_SPLIT.csv`: their boxes once a second as AVA has them; `videos/ava_actions.pbtxt`: names of its action ids
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from tubelet.annotations import Video, VideoSet, save_videos
from tubelet.annotations.text_files import read_json, write_lines
from tubelet.annotations.video_list import write_video_list
from tubelet.datasets.synthetic.actors import CLASSES
from tubelet.datasets.synthetic.difficulty import Span
from tubelet.datasets.synthetic.sampling import SPLITS, SyntheticError, clip_scene, synthetic_video
from tubelet.datasets.synthetic.scenes import CHUNK, Scene
from tubelet.video import VideoWriter

SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
_SUBSETS = {"train": "training", "val": "validation", "test": "testing"}  # ActivityNet's words


def write_synthetic(
    out: str | Path,
    *,
    videos: int = 200,
    clips: int = 1040,
    difficulty: str = "medium",
    seconds: Span = (8.0, 20.0),
    size: int | tuple[int, int] = (240, 320),
    clip_size: int = 128,
    clip_frames: int = 16,
    frame_rate: float = 16.0,
    num_actors: int | None = None,
    shares: Mapping[str, float] = SHARES,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write videos, clips and their annotation files; run again after a stop, it goes on where it was.

    A video file that exists is whole, since each is renamed when it is finished, and is not written again; so the
    folder remembers its settings and refuses others. Only the numbers of videos and clips may differ.

    Args:
        out: folder, made when it is missing.
        videos: how many long videos over all splits.
        clips: how many short clips over all splits.
        difficulty: "easy", "medium" or "hard".
        seconds: shortest and longest video.
        size: of the videos in pixels, one number for square frames or (height, width).
        clip_size: of the clips, which are square.
        clip_frames: of a clip of one second.
        frame_rate: of the videos, frames a second.
        num_actors: in a long video; 1 to 3 at random when not given.
        shares: of the splits; they are scaled to a sum of 1.
        seed: of the whole benchmark.
        progress: called with (files done, files in all) after each file, those that were there included.

    Raises:
        SyntheticError: for a setting that does not exist, or a folder made with other settings.
    """
    out = Path(out)
    if videos < 0 or clips < 0 or videos + clips == 0:
        raise SyntheticError(f"{videos} videos and {clips} clips leave nothing to write; expected at least one.")
    if set(shares) - set(SPLITS) or min(shares.values(), default=0) < 0 or sum(shares.values()) <= 0:
        raise SyntheticError(f"the shares {dict(shares)} do not fit; expected parts >= 0 of {', '.join(SPLITS)}.")
    if not 0 < seconds[0] <= seconds[1]:
        raise SyntheticError(f"videos cannot last {seconds[0]} to {seconds[1]} s; expected 0 < shortest <= longest.")
    clip_scene("train", 0, difficulty, num_frames=clip_frames, size=clip_size, seed=seed)  # a wrong name is told here
    settings: dict[str, object] = {
        "difficulty": difficulty,
        "seconds": list(seconds),
        "size": size if isinstance(size, int) else list(size),
        "clip_size": clip_size,
        "clip_frames": clip_frames,
        "frame_rate": frame_rate,
        "num_actors": num_actors,
        "shares": dict(shares),
        "seed": seed,
    }
    _remember(out / "settings.json", settings)
    write_lines(out / "classes.txt", CLASSES)

    written: dict[str, list[Video]] = {"clips": [], "videos": []}
    done = 0
    for split, index in _numbered(clips, shares):
        scene, label = clip_scene(split, index, difficulty, num_frames=clip_frames, size=clip_size, seed=seed)
        path = f"clips/{split}/{CLASSES[label]}/{scene.name}.mp4"
        _write_video(out / path, scene)
        written["clips"].append(replace(scene.annotations(), path=path))
        done += 1
        if progress:
            progress(done, clips + videos)
    for split, index in _numbered(videos, shares):
        # Lengths fill the span evenly (golden ratio), whatever the number of videos.
        length = seconds[0] + (seconds[1] - seconds[0]) * ((index + 1) * 0.6180339887498949 % 1)
        scene = synthetic_video(split, index, length, size, frame_rate, difficulty, num_actors=num_actors, seed=seed)
        path = f"videos/{split}/{scene.name}.mp4"
        _write_video(out / path, scene)
        written["videos"].append(replace(scene.annotations(), path=path))
        done += 1
        if progress:
            progress(done, clips + videos)
    for kind, items in written.items():
        if items:
            save_videos(out / f"{kind}.json", items, CLASSES)
    _write_lists(out / "clips", written["clips"])
    _write_segments(out / "videos", written["videos"])
    _write_boxes(out / "videos", written["videos"])


def _numbered(total: int, shares: Mapping[str, float]) -> Iterator[tuple[str, int]]:
    """Split and index of each of so many scenes; the last split with a share takes what rounding leaves."""
    sums = np.cumsum([shares.get(split, 0.0) for split in SPLITS])
    ends = np.round(total * sums / sums[-1]).astype(int)
    for split, count in zip(SPLITS, np.diff(ends, prepend=0).tolist(), strict=True):
        yield from ((split, index) for index in range(count))


def _remember(path: Path, settings: dict[str, object]) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_lines(path, [json.dumps(settings, indent=1)])
        return
    before = read_json(path, "the settings of a synthetic folder")
    for name, value in settings.items():
        if before.get(name) != value:
            raise SyntheticError(
                f"{path.parent} was made with {name} {before.get(name)}, not {value}; "
                "expected the same settings or another folder."
            )


def _write_video(path: Path, scene: Scene) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, frame_rate=scene.frame_rate) as writer:
        for start in range(0, scene.num_frames, CHUNK):
            for frame in scene.render(np.arange(start, min(start + CHUNK, scene.num_frames))):
                writer.write(frame)


def _write_lists(folder: Path, clips: list[Video]) -> None:
    for split in dict.fromkeys(clip.subset for clip in clips):
        listed = (
            Video(clip.path.removeprefix("clips/"), subset=split, labels=clip.labels)
            for clip in clips
            if clip.subset == split
        )
        write_video_list(folder / f"{split}.csv", VideoSet(tuple(listed), CLASSES))


def _write_segments(folder: Path, videos: list[Video]) -> None:
    if not videos:
        return
    database = {
        Path(video.path).stem: {
            "subset": _SUBSETS[str(video.subset)],
            "duration": video.duration,
            "fps": video.frame_rate,
            "resolution": f"{video.width}x{video.height}",
            "annotations": [
                {"segment": [s.start, s.end], "label": s.label, "label_id": CLASSES.index(s.label)}
                for s in video.segments
            ],
        }
        for video in videos
    }
    content = {"version": "synthetic", "database": database}
    write_lines(folder / "activitynet.json", [json.dumps(content, indent=1)])


def _write_boxes(folder: Path, videos: list[Video]) -> None:
    for split in dict.fromkeys(video.subset for video in videos):
        lines = (
            f"{Path(video.path).stem},{box.time:g},{corners},{CLASSES.index(box.label) + 1},{box.actor}"
            for video in videos
            if video.subset == split
            for box in video.boxes
            for corners in [",".join(f"{value:.4f}" for value in box.xyxy)]
        )
        write_lines(folder / f"ava_{split}.csv", lines)
    if videos:
        names = (f'item {{\n  name: "{name}"\n  id: {number}\n}}' for number, name in enumerate(CLASSES, start=1))
        write_lines(folder / "ava_actions.pbtxt", names)
