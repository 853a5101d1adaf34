"""Lists of folders of frames, "folder frames label", as TSN and mmaction2 keep raw frames.

Wang et al., TSN, ECCV 2016. A folder's name may hold blanks: the number of frames and the class are the last two cells.
"""

from collections.abc import Sequence

from tubelet.annotations.actions import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, class_names, read_lines, write_lines

_LINE = '"folder frames label"'


def read_frame_folders(
    path: PathLike, *, classes: PathLike | Sequence[str] | None = None, subset: str | None = None
) -> VideoSet:
    """Read a list.

    Args:
        path: the list; may be gzipped.
        classes: names in the order of the indices, or a file with one a line; None calls them "0", "1", ... up to the
            greatest.
        subset: what the videos' ``subset`` shall say.

    Returns:
        Videos whose paths are the folders, with their number of frames.

    Raises:
        AnnotationError: with file, line and value, where a line is not what was expected.
    """
    rows: list[tuple[int, str, int, int]] = []
    for number, line in read_lines(path, f"lines {_LINE}"):
        cells = line.rsplit(maxsplit=2)
        if len(cells) != 3 or not all(cell.isascii() and cell.isdigit() for cell in cells[1:]):
            raise AnnotationError(f"{path}: line {number} is {line!r}; expected {_LINE}.")
        rows.append((number, cells[0], int(cells[1]), int(cells[2])))
    if not rows:
        raise AnnotationError(f"{path} is empty; expected lines {_LINE}.")
    greatest = max(index for *_, index in rows)
    names = class_names(classes) if classes is not None else tuple(str(index) for index in range(greatest + 1))
    if greatest >= len(names):
        number = next(number for number, *_, index in rows if index == greatest)
        raise AnnotationError(f"{path}: line {number} has the class {greatest}; expected 0 to {len(names) - 1}.")
    videos = (
        Video(folder, num_frames=frames, subset=subset, labels=(Label(names[index]),))
        for _, folder, frames, index in rows
    )
    return VideoSet(tuple(videos), names)


def write_frame_folders(path: PathLike, videos: VideoSet) -> None:
    """Write every video with its number of frames and the index of its first label.

    Raises:
        AnnotationError: when a video has no number of frames, no label, or one that is not among the classes.
    """
    report_losses(path, videos, "labels", one_label=True)
    lines = []
    for video in videos:
        if video.num_frames is None or not video.labels:
            raise AnnotationError(f"{video.path} has no number of frames or no label; a list of frames needs both.")
        lines.append(f"{video.path} {video.num_frames} {videos.class_index(video.labels[0].name)}")
    write_lines(path, lines)
