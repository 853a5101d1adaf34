"""The official HMDB51 splits, small files by hand and the real ones where they are at hand."""

import tarfile
from pathlib import Path

import pytest

from tubelet.annotations import AnnotationError, Label, Video
from tubelet.annotations.hmdb51 import read_hmdb51

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "annotations" / "hmdb51"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "wave_test_split1.txt").write_text("#1_(hi!)_wave.avi 2 \nb_wave.avi 0 \n")
    (tmp_path / "brush_hair_test_split1.txt").write_text("a brush.avi 1 \n")
    return tmp_path


def test_the_flags_say_which_subset_and_zero_is_left_out(folder):
    videos = read_hmdb51(folder)
    assert videos.classes == ("brush_hair", "wave")
    assert videos.videos == (
        Video("brush_hair/a brush.avi", subset="train", labels=(Label("brush_hair"),)),
        Video("wave/#1_(hi!)_wave.avi", subset="test", labels=(Label("wave"),)),
    )


def test_one_subset_or_one_file_can_be_read_alone(folder):
    assert [video.path for video in read_hmdb51(folder, subset="train")] == ["brush_hair/a brush.avi"]
    assert read_hmdb51(folder, subset="train").classes == ("brush_hair", "wave")
    assert [video.path for video in read_hmdb51(folder / "wave_test_split1.txt")] == ["wave/#1_(hi!)_wave.avi"]


def test_a_wrong_line_is_an_error_with_file_line_and_value(folder):
    (folder / "wave_test_split1.txt").write_text("a.avi 1\nb.avi 3\n")
    with pytest.raises(AnnotationError, match=r"wave_test_split1\.txt: line 2 is 'b\.avi 3'; expected"):
        read_hmdb51(folder)


def test_a_split_or_a_class_that_is_not_there_is_an_error(folder):
    with pytest.raises(AnnotationError, match="has no files for split 2"):
        read_hmdb51(folder, split=2)
    (folder / "list.txt").write_text("a.avi 1\n")
    with pytest.raises(AnnotationError, match="the name gives no class"):
        read_hmdb51(folder / "list.txt")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the official splits are not beside the checkout")
@pytest.mark.parametrize("split", [1, 2, 3])
def test_the_official_splits_hold_what_they_are_known_to_hold(tmp_path, split):
    with tarfile.open(SHARED / "hmdb51_splits.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    videos = read_hmdb51(tmp_path, split=split)
    assert videos.classes == tuple((SHARED / "label_map.txt").read_text().split())
    assert [sum(video.subset == subset for video in videos) for subset in ("train", "test")] == [3570, 1530]
