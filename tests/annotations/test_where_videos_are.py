import pytest

from tubelet.annotations.actions import AnnotationError, Video, VideoSet
from tubelet.annotations.video_files import find_videos


def search(tmp_path, listed, on_disk):
    """Where each listed path was found (None: nowhere), with these files below a folder."""
    root = tmp_path / "videos"
    for name in on_disk:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    there, missing = find_videos(VideoSet(tuple(Video(str(name)) for name in listed), ()), root)
    found = iter(there)
    return [None if str(name) in missing else next(found).path for name in listed]


def test_a_path_is_looked_for_as_it_is_and_then_by_its_name(tmp_path):
    listed = ["a/x.mp4", "train/b/y.mp4", "z.avi", "nowhere.mp4"]
    assert search(tmp_path, listed, ["a/x.mp4", "b/y.mp4", "deep/c/z.mp4"]) == [
        "a/x.mp4",
        "b/y.mp4",
        "deep/c/z.mp4",
        None,
    ]


def test_of_several_files_of_a_name_the_one_whose_folders_are_alike_is_meant(tmp_path):
    assert search(tmp_path, ["train/b/x.mp4"], ["all/a/x.mp4", "all/b/x.mp4"]) == ["all/b/x.mp4"]


def test_another_video_of_the_list_is_not_taken_for_one_that_is_missing(tmp_path):
    listed = ["A/001.mp4", "A/002.mp4", "B/001.mp4"]
    assert search(tmp_path, listed, ["A/002.mp4", "B/001.mp4"]) == [None, "A/002.mp4", "B/001.mp4"]
    assert search(tmp_path / "flat", ["A/001.mp4", "B/001.mp4"], ["001.mp4"]) == [None, None]


def test_a_video_may_be_listed_twice(tmp_path):
    assert search(tmp_path, ["a/x.mp4", "a/x.mp4", "./a/x.mp4"], ["a/x.mp4"]) == ["a/x.mp4"] * 3


def test_an_absolute_path_is_taken_as_it_is(tmp_path):
    elsewhere = tmp_path / "elsewhere.mp4"
    elsewhere.touch()
    assert search(tmp_path, [elsewhere], ["a/elsewhere.mp4", "elsewhere.mp4"]) == [elsewhere.as_posix()]
    inside = tmp_path / "videos" / "a" / "x.mp4"
    assert search(tmp_path, [inside, "a/x.mp4"], ["a/x.mp4"]) == ["a/x.mp4", "a/x.mp4"]
    assert search(tmp_path, ["/gone/a/x.mp4"], ["a/x.mp4", "b/x.mp4"]) == ["a/x.mp4"]


def test_two_files_that_fit_equally_are_an_error(tmp_path):
    with pytest.raises(AnnotationError, match=r"x\.mp4 fits two files under .*, [ab]/x\.mp4 and [ab]/x\.mp4"):
        search(tmp_path, ["x.mp4"], ["a/x.mp4", "b/x.mp4"])
