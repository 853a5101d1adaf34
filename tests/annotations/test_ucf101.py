"""The official UCF101 splits, small files by hand and the real ones where they are at hand."""

import tarfile
from pathlib import Path

import pytest

from tubelet.annotations import AnnotationError, Label, Video
from tubelet.annotations.ucf101 import read_ucf101

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "annotations" / "ucf101"
FILES = {
    "classInd.txt": "1 Archery\r\n2 Basketball\r\n",
    "trainlist01.txt": "Basketball/v_Basketball_g08_c01.avi 2\r\nArchery/v_Archery_g08_c01.avi 1\r\n",
    "testlist01.txt": "Archery/v_Archery_g01_c01.avi\r\n",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, newline="")
    return tmp_path


def test_a_split_has_both_subsets_and_the_classes_in_the_files_order(folder):
    videos = read_ucf101(folder)
    assert videos.classes == ("Archery", "Basketball")
    assert videos.videos == (
        Video("Basketball/v_Basketball_g08_c01.avi", subset="train", labels=(Label("Basketball"),)),
        Video("Archery/v_Archery_g08_c01.avi", subset="train", labels=(Label("Archery"),)),
        Video("Archery/v_Archery_g01_c01.avi", subset="test", labels=(Label("Archery"),)),
    )


def test_one_subset_or_one_file_can_be_read_alone(folder):
    assert read_ucf101(folder, subset="test") == read_ucf101(folder / "testlist01.txt")
    assert len(read_ucf101(folder, subset="train")) == 2


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("classInd.txt", "0 Archery\n", r"classInd\.txt: line 1 is '0 Archery'; expected .1 <class>"),
        ("classInd.txt", "1 Archery\n3 Basketball\n", "line 2 is '3 Basketball'"),
        ("trainlist01.txt", "v_Archery_g08_c01.avi 1\n", r"trainlist01\.txt: line 1 is 'v_Archery"),
        ("trainlist01.txt", "Swimming/v_Swimming_g08_c01.avi 1\n", "line 1 is 'Swimming/"),
        ("trainlist01.txt", "Archery/v_Archery_g08_c01.avi 2\n", "gives 'Archery' the index '2'; expected 1"),
    ],
)
def test_a_wrong_line_is_an_error_with_file_line_and_value(folder, name, text, message):
    (folder / name).write_text(text)
    with pytest.raises(AnnotationError, match=message):
        read_ucf101(folder)


def test_a_split_that_is_not_there_is_an_error(folder):
    with pytest.raises(AnnotationError, match="no split 4; expected 1, 2 or 3"):
        read_ucf101(folder, split=4)
    with pytest.raises(AnnotationError, match=r"trainlist02\.txt: no such file"):
        read_ucf101(folder, split=2)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the official splits are not beside the checkout")
@pytest.mark.parametrize(("split", "train", "test"), [(1, 9537, 3783), (2, 9586, 3734), (3, 9624, 3696)])
def test_the_official_splits_hold_what_they_are_known_to_hold(tmp_path, split, train, test):
    with tarfile.open(SHARED / "ucf101_splits.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    videos = read_ucf101(tmp_path, split=split)
    assert len(videos.classes) == 101
    assert [sum(video.subset == subset for video in videos) for subset in ("train", "test")] == [train, test]
    groups = {(v.labels[0].name, v.path.split("_")[-2]): set() for v in videos}
    for video in videos:
        groups[video.labels[0].name, video.path.split("_")[-2]].add(video.subset)
    assert all(len(subsets) == 1 for subsets in groups.values())  # a group never crosses a split
