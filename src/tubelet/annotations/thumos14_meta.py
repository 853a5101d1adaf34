"""THUMOS'14's description of its test set, ``test_set_meta.mat``: what is in each of 1,574 videos, for recognition.

A video has a primary action, and perhaps secondary ones, among the 101 classes of UCF101. Background videos have none:
the primary action that the file names for them is only what they resemble.
"""

import io
from typing import Any

import numpy as np

from tubelet.annotations.actions import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.text_files import PathLike, read_bytes

NUM_CLASSES = 101

_EXPECTED = "THUMOS'14's test_set_meta.mat with the struct array test_videos"


def read_thumos14_meta(path: PathLike) -> VideoSet:
    """Read the file; may be gzipped. A class that no video names is called by its number, from 1.

    Raises:
        AnnotationError: when the file is not what was expected.
    """
    import scipy.io  # here, for it takes long to load

    content = read_bytes(path, _EXPECTED)
    try:
        entries = scipy.io.loadmat(io.BytesIO(content), squeeze_me=True)["test_videos"]
        rows = [_row(entry) for entry in entries]
    except Exception as error:  # a broken file can raise anything
        raise AnnotationError(f"{path} is not laid out as it should be ({error!r}); expected {_EXPECTED}.") from None
    named = {index: name for *_, actions in rows for index, name in actions}
    classes = tuple(named.get(index, str(index)) for index in range(1, NUM_CLASSES + 1))
    videos = tuple(
        Video(
            name,
            duration=duration,
            subset="test",
            labels=() if background else tuple(Label(classes[index - 1]) for index, _ in actions),
        )
        for name, duration, background, actions in rows
    )
    return VideoSet(videos, classes)


def _row(entry: Any) -> tuple[str, float, bool, list[tuple[int, str]]]:
    """Name, seconds, whether it is background, and index and name of each of its actions, every one once."""
    actions: dict[int, str] = {}
    for kind in ("primary_action", "secondary_actions"):
        field = "primary_action_index" if kind == "primary_action" else "secondary_actions_indices"
        indices = np.atleast_1d(entry[field]).astype(int)
        names = np.atleast_1d(entry[kind])
        if np.any((indices < 1) | (indices > NUM_CLASSES)) or len(indices) != len(names):
            raise ValueError(f"{entry['video_name']} has the classes {indices.tolist()}")
        actions |= {int(index): str(name) for index, name in zip(indices, names, strict=True)}
    background = str(entry["background_video"]) == "YES"
    return str(entry["video_name"]), float(entry["video_duration_seconds"]), background, list(actions.items())
