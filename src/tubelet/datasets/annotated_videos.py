"""Any annotation file as samples for a recogniser: whole videos, segments, the time of tubes, moments of boxes.

A label gives its whole video; a segment and a tube give clips from within their time; a box gives the moments around
it, once for each label that is there. So one set of labels trains a recogniser whatever tool they were drawn with, and
what a detector shall find later can be told apart first.
"""

import glob
import os
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tubelet.annotations import AnnotationError, Label, Video, VideoSet, read_annotations
from tubelet.annotations.text_files import class_names
from tubelet.datasets.recognition import RecognitionDataset
from tubelet.video import ClipError, VideoReader

BOX_CONTEXT = 1.5
"""Seconds before and after a box: what AVA's annotators saw of its actor (Gu et al., AVA, CVPR 2018)."""

MOMENT = 1e-6
"""Seconds that are rounding: times that were computed as frame / rate may fall short of the frame."""


class LeftOutWarning(UserWarning):
    """Actions whose label is not among the classes, which are left out."""


def read_annotated(
    files: str | os.PathLike[str],
    *,
    format: str | None = None,
    subset: str | None = None,
    classes: str | os.PathLike[str] | Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> VideoSet:
    """Read annotations of one file, or of all that a pattern with stars fits, as one set.

    Args:
        files: path or pattern, such as ``labels/*.xml`` for exports of CVAT, which hold one video each.
        format: a name of `tubelet.annotations.FORMATS`; None recognises each.
        subset: only the videos that the files call so.
        classes: names in the order of their indices, or a file with one a line; None takes those of the files.
        options: what the format's reader takes beside the path.

    Raises:
        AnnotationError: when there is no such file, one cannot be read, or there are no videos of the subset.
    """
    paths = sorted(glob.glob(os.fspath(files))) or [os.fspath(files)]  # noqa: PTH207  # an absolute pattern is none of Path's
    sets = [read_annotations(path, format, **(options or {})) for path in paths]
    videos = tuple(chain.from_iterable(sets))
    if subset is not None:
        known = sorted({video.subset for video in videos if video.subset})
        videos = tuple(video for video in videos if video.subset == subset)
        if not videos:
            raise AnnotationError(f"{files} has no video of the subset {subset!r}; expected one of {known}.")
    names = class_names(classes) if classes is not None else dict.fromkeys(chain(*(one.classes for one in sets)))
    return VideoSet(videos, tuple(names))


class AnnotatedVideos(RecognitionDataset):
    """Clips of the actions in videos and the class of each.

    Args:
        videos: with labels, segments, tubes or boxes, of which each is a sample. Those whose label is not among the
            classes, such as THUMOS'14's Ambiguous, are left out with a `LeftOutWarning`.
        root: as the keywords, those of `RecognitionDataset`.
        keywords: sampling, transform and the rest.

    Raises:
        AnnotationError: when no action is left.
        TubeletError: as `RecognitionDataset`.
    """

    def __init__(self, videos: VideoSet, root: str | os.PathLike[str] | None = None, **keywords: Any) -> None:
        classes = set(videos.classes)
        every = [(video, name, span) for video in videos for name, span in _spans(video)]
        others = Counter(name for _, name, _ in every if name not in classes)
        kept = [(video, name, span) for video, name, span in every if name in classes]
        if not kept:
            raise AnnotationError(f"none of {len(every)} actions in {len(videos)} videos is of a class; expected some.")
        if others:
            named = ", ".join(f"{name!r} {times} times" for name, times in others.most_common(3))
            more = ", ..." if len(others) > 3 else ""
            message = f"{others.total()} of {len(every)} actions are of no class and left out: {named}{more}"
            warnings.warn(LeftOutWarning(message), stacklevel=2)
        samples = tuple(Video(video.path, labels=(Label(name),)) for video, name, _ in kept)
        super().__init__(replace(videos, videos=samples), root, **keywords)
        self.spans = tuple(span for _, _, span in kept)

    def _clips(self, reader: VideoReader, index: int, generator: np.random.Generator) -> NDArray[np.int64]:
        """Frame indices ``(clips, T)`` within the time of an action."""
        start, end = self.spans[index]
        if start >= reader.metadata.duration:
            raise ClipError(
                f"{self.paths[index]} lasts {reader.metadata.duration:.2f} s; an action in it starts at {start:.2f} s."
            )
        first = max(int(np.searchsorted(reader.timestamps, start + MOMENT, side="right")) - 1, 0)
        after = max(int(np.searchsorted(reader.timestamps, end - MOMENT)), first + 1)
        return first + self.sampling(after - first, generator)


def _spans(video: Video) -> Iterator[tuple[str, tuple[float, float]]]:
    """The label, start and end (seconds) of every sample."""
    yield from ((label.name, (0.0, np.inf)) for label in video.labels)
    yield from ((segment.label, (segment.start, segment.end)) for segment in video.segments)
    # the frame of a tube's last box is part of it
    yield from ((tube.label, (tube.start, tube.end + 2 * MOMENT)) for tube in video.tubes)
    moments = dict.fromkeys((box.label, box.time) for box in video.boxes)
    yield from ((name, (max(time - BOX_CONTEXT, 0.0), time + BOX_CONTEXT)) for name, time in moments)
