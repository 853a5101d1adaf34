"""The official splits of UCF101: ``classInd.txt``, and ``trainlist0k.txt`` and ``testlist0k.txt`` for k of 1, 2, 3.

Soomro et al., UCF101, 2012. Class indices in the files count from 1; test lists name the class by the folder alone;
lines end as on Windows.
"""

from pathlib import Path
from typing import Literal

from tubelet.annotations.actions import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, is_folder, make_folder, read_lines, write_text

_CLASS_FILE = "classInd.txt"
_LINE = 'lines such as "Archery/v_Archery_g01_c01.avi"'


def read_ucf101(
    path: PathLike, *, split: int = 1, subset: Literal["train", "test"] | None = None, classes: PathLike | None = None
) -> VideoSet:
    """Read a split.

    Args:
        path: the folder of the split files, a tar archive of them, or one of them (then ``split`` and ``subset`` are
            not looked at).
        split: 1 to 3.
        subset: "train" or "test"; None for both.
        classes: the class file; None for the ``classInd.txt`` beside the lists.

    Returns:
        Videos with paths ``<class>/<name>.avi`` and their subset.

    Raises:
        AnnotationError: with file, line and value, where a file is not what was expected.
    """
    path = Path(path)
    if is_folder(path):
        folder = path
        if split not in (1, 2, 3):
            raise AnnotationError(f"UCF101 has no split {split!r}; expected 1, 2 or 3.")
        lists = [path / f"{kind}list0{split}.txt" for kind in (("train", "test") if subset is None else (subset,))]
    else:
        folder, lists = path.parent, [path]
    names = _read_class_file(Path(classes) if classes is not None else folder / _CLASS_FILE)
    return VideoSet(tuple(video for file in lists for video in _read_list(file, names)), names)


def write_ucf101(path: PathLike, videos: VideoSet, *, split: int = 1) -> None:
    """Write the class file and the two lists of a split into a folder, byte for byte as the official ones.

    Raises:
        AnnotationError: when a video is neither "train" nor "test", has no label, or is not in a folder of its class.
    """
    report_losses(path, videos, "labels", one_label=True)
    lists: dict[str, list[str]] = {"train": [], "test": []}
    for video in videos:
        if video.subset not in lists or not video.labels or Path(video.path).parent.name != video.labels[0].name:
            raise AnnotationError(
                f"{video.path} has the subset {video.subset!r} and {len(video.labels)} labels; "
                "expected train or test, and the class that its folder is called after."
            )
        index = videos.class_index(video.labels[0].name) + 1
        lists[video.subset].append(f"{video.path} {index}" if video.subset == "train" else video.path)
    classes = [f"{index} {name}" for index, name in enumerate(videos.classes, start=1)]
    folder = make_folder(path)
    files = {_CLASS_FILE: classes, f"trainlist0{split}.txt": lists["train"], f"testlist0{split}.txt": lists["test"]}
    for name, lines in files.items():
        write_text(folder / name, "".join(f"{line}\r\n" for line in lines))


def _read_class_file(path: Path) -> tuple[str, ...]:
    names: list[str] = []
    for number, line in read_lines(path, 'a class on every line, "1 ApplyEyeMakeup"'):
        index, _, name = line.partition(" ")
        if index != str(len(names) + 1) or not name.strip():
            raise AnnotationError(f'{path}: line {number} is {line!r}; expected "{len(names) + 1} <class>".')
        names.append(name.strip())
    return tuple(names)


def _read_list(path: Path, names: tuple[str, ...]) -> list[Video]:
    subset = "test" if path.name.startswith("test") else "train"
    known = {name: str(index) for index, name in enumerate(names, start=1)}
    videos = []
    for number, line in read_lines(path, _LINE):
        video, _, index = line.partition(" ")
        name, slash, _ = video.partition("/")
        if not slash or name not in known:
            raise AnnotationError(
                f"{path}: line {number} is {line!r}; expected {_LINE} in one of {len(names)} classes."
            )
        if index and index.strip() != known[name]:
            raise AnnotationError(f"{path}: line {number} gives {name!r} the index {index!r}; expected {known[name]}.")
        videos.append(Video(video, subset=subset, labels=(Label(name),)))
    return videos
