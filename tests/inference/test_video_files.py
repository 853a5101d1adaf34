from pathlib import Path

import pytest

from tubelet.inference import find_videos


@pytest.fixture
def folder(tmp_path):
    for name in ("b.mp4", "a.MKV", "notes.txt", "deep/c.avi"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def test_a_folder_gives_its_videos_at_any_depth_in_order(folder):
    assert [str(path.relative_to(folder)) for path in find_videos([folder])] == ["a.MKV", "b.mp4", "deep/c.avi"]


def test_a_pattern_gives_the_files_that_match(folder):
    assert [path.name for path in find_videos([f"{folder}/**/*.avi"])] == ["c.avi"]


def test_a_file_is_taken_whatever_its_suffix(folder):
    assert find_videos([folder / "notes.txt"]) == [folder / "notes.txt"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    (tmp_path / "take[1].mp4").touch()
    assert find_videos([tmp_path / "take[1].mp4"]) == [tmp_path / "take[1].mp4"]


def test_what_is_named_twice_is_taken_once(folder):
    assert len(find_videos([folder, folder / "b.mp4", f"{folder}/*.mp4"])) == 3


def test_a_missing_file_is_kept_so_that_opening_it_says_so():
    assert find_videos(["nowhere.mp4"]) == [Path("nowhere.mp4")]


def test_a_pattern_without_a_match_gives_nothing(tmp_path):
    assert find_videos([f"{tmp_path}/*.mp4"]) == []
