"""FineAction's ``annotations_gt.json``: ActivityNet's layout with the frame rate, class indices and a filter.

Liu et al., FineAction, TIP 2022. A video has ``subset`` (training, validation, testing), ``duration`` and ``fps``; an
annotation has ``segment``, ``label``, ``label_id`` and ``filter``. Some segments end before they start: see
`tubelet.annotations.segment_rows`.
"""

from collections.abc import Sequence

from tubelet.annotations.actions import VideoSet
from tubelet.annotations.activitynet import database_of, read_activitynet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, write_json


def read_fineaction(path: PathLike, *, classes: PathLike | Sequence[str] | None = None) -> VideoSet:
    """Read the ground truth; the arguments, the result and the errors are those of `read_activitynet`."""
    return read_activitynet(path, classes=classes)


def write_fineaction(path: PathLike, videos: VideoSet) -> None:
    """Write the ground truth; an annotation's ``filter`` is what stands in its segment's ``extra``.

    Raises:
        AnnotationError: when a segment's label is not among the classes.
    """
    report_losses(path, videos, "segments")
    write_json(path, {**videos.extra, "database": database_of(videos, label_ids=True)})
