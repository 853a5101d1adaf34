"""MultiTHUMOS: the videos of THUMOS'14 with all that happens in them, 65 classes, many at once.

Yeung et al., Every Moment Counts, IJCV 2018, in PointTAD's json (`tubelet.annotations.dense_json`). The file numbers
the classes from 1 and does not name them.
"""

from collections.abc import Sequence

from tubelet.annotations.actions import VideoSet
from tubelet.annotations.dense_json import read_dense_json, write_dense_json
from tubelet.annotations.text_files import PathLike, class_names

NUM_CLASSES = 65


def read_multithumos(path: PathLike, *, classes: PathLike | Sequence[str] | None = None) -> VideoSet:
    """Read the json.

    Args:
        path: the json file; may be gzipped.
        classes: the 65 names in the order of their numbers, or a file with one a line; None calls them "1" to "65".

    Raises:
        AnnotationError: with file, video and value, where the file is not what was expected.
    """
    names = tuple(str(number) for number in range(1, NUM_CLASSES + 1)) if classes is None else class_names(classes)
    return read_dense_json(path, names, first=1)


def write_multithumos(path: PathLike, videos: VideoSet) -> None:
    """Write the json; raises `AnnotationError` when a label is not among the classes."""
    write_dense_json(path, videos, first=1)
