"""What is lost between a file and a set: one warning with counts, or an error where nothing could be written."""

import warnings
from collections.abc import Mapping
from typing import Literal

from tubelet.annotations.actions import AnnotationError, VideoSet
from tubelet.annotations.text_files import PathLike

Kind = Literal["labels", "segments", "boxes", "tubes"]
_KINDS: tuple[Kind, ...] = ("labels", "segments", "boxes", "tubes")


class LossWarning(UserWarning):
    """A file was written without some of what the set holds, or read without some of what the file holds."""


def report_losses(path: PathLike, videos: VideoSet, *kept: Kind, scores: bool = False, one_label: bool = False) -> None:
    """Say what a file that is about to be written will lack.

    Args:
        path: of the file.
        videos: the set.
        kept: what its format has a place for.
        scores: whether it has one for their scores.
        one_label: whether a video keeps its first label only.

    Raises:
        AnnotationError: when the set has something, but nothing that the format has a place for.
    """
    counts = {kind: sum(len(getattr(video, kind)) for video in videos) for kind in _KINDS}
    lost: dict[str, int] = {kind: count for kind, count in counts.items() if count and kind not in kept}
    if lost and kept and not any(counts[kind] for kind in kept):
        raise AnnotationError(
            f"nothing could be written to {path}: its format holds {' and '.join(kept)}, the set {_listed(lost)}."
        )
    if one_label:
        lost["further labels of a video"] = sum(max(0, len(video.labels) - 1) for video in videos)
    if not scores:
        lost["scores"] = sum(one.score is not None for video in videos for kind in kept for one in getattr(video, kind))
    if any(lost.values()):
        warnings.warn(LossWarning(f"{path} has no place for {_listed(lost)} of the set."), stacklevel=3)


def report_unread(path: PathLike, counts: Mapping[str, int], how: str) -> None:
    """Say what of a file has not been read as it stands there.

    Args:
        path: of the file.
        counts: how many of what, in the plural; nothing is said where there are none.
        how: what became of them, "left out".
    """
    if any(counts.values()):
        warnings.warn(LossWarning(f"{path}: {how}: {_listed(counts)}."), stacklevel=3)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {what if count > 1 else _singular(what)}" for what, count in counts.items() if count)


def _singular(what: str) -> str:
    irregular = {
        "boxes": "box",
        "turned boxes": "turned box",
        "tags outside of images": "tag outside of images",
        "further labels of a video": "further label of a video",
    }
    return irregular.get(what, what.removesuffix("s"))
