"""A folder a class."""

import pytest

from tubelet.annotations import AnnotationError
from tubelet.annotations.class_folders import read_class_folders


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_folders_are_the_classes_of_the_videos_below_them(tmp_path):
    for name in (
        "run/b.MP4",
        "run/a.webm",
        "jump high/deep/c.avi",
        "run/notes.txt",
        "run/._a.webm",
        ".cache/x.mp4",
        "d.mp4",
    ):
        touch(tmp_path / name)
    videos = read_class_folders(tmp_path, subset="val")
    assert videos.classes == ("jump high", "run")
    assert [(v.path, v.labels[0].name, v.subset) for v in videos] == [
        ("jump high/deep/c.avi", "jump high", "val"),
        ("run/a.webm", "run", "val"),
        ("run/b.MP4", "run", "val"),
    ]


def test_a_root_that_cannot_serve_is_an_error_that_says_why(tmp_path):
    with pytest.raises(AnnotationError, match="no such folder"):
        read_class_folders(tmp_path / "none")
    with pytest.raises(AnnotationError, match="has no folders"):
        read_class_folders(tmp_path)
    touch(tmp_path / "run" / "notes.txt")
    with pytest.raises(AnnotationError, match="run holds no video"):
        read_class_folders(tmp_path)
