"""The official splits of HMDB51: a file ``<class>_test_split<k>.txt`` for every class and each of three splits.

Kuehne et al., HMDB, ICCV 2011. A line is a video and its use in the split: 1 training, 2 testing, 0 neither.
"""

import re
from collections import defaultdict
from pathlib import Path
from typing import Literal

from tubelet.annotations.actions import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, folder_files, is_folder, make_folder, read_lines, write_text

_USES = {"0": "unused", "1": "train", "2": "test"}


def read_hmdb51(
    path: PathLike, *, split: int = 1, subset: Literal["train", "test"] | None = None, unused: bool = False
) -> VideoSet:
    """Read a split.

    Args:
        path: the folder of the split files, a tar archive of them, or one of them (then ``split`` is not looked at).
        split: 1 to 3.
        subset: "train" or "test"; None for both.
        unused: whether to return the videos that the split does not use, with the subset "unused".

    Returns:
        Videos with paths ``<class>/<name>.avi`` and their subset; classes in alphabetical order.

    Raises:
        AnnotationError: with file, line and value, where a file is not what was expected.
    """
    path = Path(path)
    # By class, not by file name: "climb_stairs_test..." would come before "climb_test...".
    files = [path]
    if is_folder(path):
        lists = [file for file in folder_files(path) if file.name.endswith(f"_test_split{split}.txt")]
        files = sorted(lists, key=_class_of)
    if not files:
        raise AnnotationError(
            f"{path} has no files for split {split!r}; expected <class>_test_split1.txt to _split3.txt."
        )
    classes: list[str] = []
    videos: list[Video] = []
    for file in files:
        classes.append(_class_of(file))
        videos.extend(_read_list(file, classes[-1]))
    wanted: set[str | None] = {*(("train", "test") if subset is None else (subset,)), *(("unused",) if unused else ())}
    return VideoSet(tuple(video for video in videos if video.subset in wanted), tuple(classes))


def write_hmdb51(path: PathLike, videos: VideoSet, *, split: int = 1) -> None:
    """Write a file for every class into a folder, byte for byte as the official ones.

    Raises:
        AnnotationError: when a video has no label or a subset that is not "train", "test" or "unused".
    """
    report_losses(path, videos, "labels", one_label=True)
    uses = {subset: use for use, subset in _USES.items()}
    lines: dict[str, list[str]] = defaultdict(list)
    for video in videos:
        if video.subset not in uses or not video.labels:
            raise AnnotationError(
                f"{video.path} has the subset {video.subset!r} and {len(video.labels)} labels; "
                "expected train, test or unused, and the name of its class."
            )
        lines[video.labels[0].name].append(f"{Path(video.path).name} {uses[video.subset]} \n")
    folder = make_folder(path)
    for name in videos.classes:
        write_text(folder / f"{name}_test_split{split}.txt", "".join(lines[name]))


def _class_of(path: Path) -> str:
    match = re.fullmatch(r"(.+)_test_split\d\.txt", path.name)
    if match is None:
        raise AnnotationError(f"{path}: the name gives no class; expected <class>_test_split1.txt.")
    return match[1]


def _read_list(path: Path, name: str) -> list[Video]:
    videos = []
    for number, line in read_lines(path, 'lines such as "run.avi 1"'):
        video, _, use = line.rpartition(" ")
        if not video.strip() or use not in _USES:
            raise AnnotationError(
                f'{path}: line {number} is {line!r}; expected "<video> 0", "<video> 1" or "<video> 2".'
            )
        videos.append(Video(f"{name}/{video.strip()}", subset=_USES[use], labels=(Label(name),)))
    return videos
