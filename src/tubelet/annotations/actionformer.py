"""The annotation that ActionFormer and OpenTAD train on: ActivityNet's layout with what a feature grid needs.

Zhang et al., ActionFormer, ECCV 2022. Every video has ``duration`` and ``fps`` (OpenTAD: ``frame``, the number of
frames), every annotation the index of its class, ``label_id``.
"""

from collections.abc import Sequence

from tubelet.annotations.actions import AnnotationError, VideoSet
from tubelet.annotations.activitynet import database_of, read_activitynet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, write_json


def read_actionformer(path: PathLike, *, classes: PathLike | Sequence[str] | None = None) -> VideoSet:
    """Read the annotation; the arguments, the result and the errors are those of `read_activitynet`."""
    return read_activitynet(path, classes=classes)


def write_actionformer(path: PathLike, videos: VideoSet) -> None:
    """Write the annotation.

    Raises:
        AnnotationError: when a video has no duration or neither a frame rate nor a number of frames, or a label is not
            among the classes.
    """
    report_losses(path, videos, "segments")
    for video in videos:
        if video.duration is None or (video.frame_rate is None and video.num_frames is None):
            raise AnnotationError(
                f"{video.path} has the duration {video.duration}, the frame rate {video.frame_rate} and "
                f"{video.num_frames} frames; expected a duration and one of the others."
            )
    write_json(path, {**videos.extra, "database": database_of(videos, label_ids=True)})
