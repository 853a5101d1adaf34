"""A folder a class: ``root/<class>/<video>``, the layout that needs no annotation file."""

import os
from pathlib import Path

from tubelet.annotations.actions import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.text_files import PathLike
from tubelet.annotations.video_files import VIDEO_SUFFIXES


def read_class_folders(root: PathLike, *, subset: str | None = None) -> VideoSet:
    """The videos below every folder of ``root``, which gives them its name as their class.

    Args:
        root: its folders are the classes, in alphabetical order; hidden ones and files that are no videos are left out.
        subset: what the videos' ``subset`` shall say.

    Returns:
        Videos with paths relative to ``root``, sorted.

    Raises:
        AnnotationError: when ``root`` is no folder, has no folders, or one of them holds no video.
    """
    root = Path(root)
    if not root.is_dir():
        raise AnnotationError(f"{root}: no such folder; expected one with a folder of videos for every class.")
    classes = tuple(sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")))
    if not classes:
        raise AnnotationError(f"{root} has no folders; expected a folder of videos for every class.")
    videos: list[Video] = []
    for name in classes:
        paths = [
            Path(folder, file).relative_to(root).as_posix()
            for folder, _, files in os.walk(root / name, followlinks=True)
            for file in files
            if Path(file).suffix.lower() in VIDEO_SUFFIXES and not file.startswith(".")
        ]
        if not paths:
            raise AnnotationError(f"{root / name} holds no video; expected files such as clip.mp4.")
        videos.extend(Video(path, subset=subset, labels=(Label(name),)) for path in sorted(paths))
    return VideoSet(tuple(videos), classes)
