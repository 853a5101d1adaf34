"""The official splits of HMDB51: a file ``<class>_test_split<k>.txt`` for every class and each of three splits.

Kuehne et al., HMDB, ICCV 2011. A line is a video and its use in the split: 1 training, 2 testing, 0 neither.
"""

import re
from pathlib import Path
from typing import Literal

from tubelet.annotations.actions import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.text_files import PathLike, read_lines

_USES = {"0": None, "1": "train", "2": "test"}


def read_hmdb51(path: PathLike, *, split: int = 1, subset: Literal["train", "test"] | None = None) -> VideoSet:
    """Read a split.

    Args:
        path: the folder of the split files, or one of them (then ``split`` is not looked at).
        split: 1 to 3.
        subset: "train" or "test"; None for both.

    Returns:
        Videos with paths ``<class>/<name>.avi`` and their subset; classes in alphabetical order.

    Raises:
        AnnotationError: with file, line and value, where a file is not what was expected.
    """
    path = Path(path)
    # By class, not by file name: "climb_stairs_test..." would come before "climb_test...".
    files = sorted(path.glob(f"*_test_split{split}.txt"), key=_class_of) if path.is_dir() else [path]
    if not files:
        raise AnnotationError(
            f"{path} has no files for split {split!r}; expected <class>_test_split1.txt to _split3.txt."
        )
    classes: list[str] = []
    videos: list[Video] = []
    for file in files:
        classes.append(_class_of(file))
        videos.extend(video for video in _read_list(file, classes[-1]) if subset in (None, video.subset))
    return VideoSet(tuple(videos), tuple(classes))


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
        if _USES[use] is not None:
            videos.append(Video(f"{name}/{video.strip()}", subset=_USES[use], labels=(Label(name),)))
    return videos
