"""The classes of files that do not list them."""

from collections.abc import Iterable

from tubelet.annotations.actions import Video


def used_classes(videos: Iterable[Video]) -> tuple[str, ...]:
    """The names of everything that happens in the videos, in alphabetical order."""
    names: set[str] = set()
    for video in videos:
        names.update(label.name for label in video.labels)
        for actions in (video.segments, video.boxes, video.tubes):
            names.update(action.label for action in actions)
    return tuple(sorted(names))
