"""The official Kinetics lists, small ones by hand and the real ones where they are at hand."""

from pathlib import Path

import pytest

from tubelet.annotations import AnnotationError, Label, Video
from tubelet.annotations.kinetics import read_kinetics
from tubelet.annotations.text_files import class_names
from tubelet.annotations.video_files import MissingVideosWarning

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "annotations" / "kinetics"
LIST = """label,youtube_id,time_start,time_end,split,is_cc
riding a bike,-abcDEF_123,7,17,train,0
"tossing coin, twice",xyz,417,427,train,1
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "train.csv"
        path.write_text(text)
        return path

    return write


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_a_line_gives_the_file_name_the_duration_the_class_and_the_subset(written):
    videos = read_kinetics(written(LIST))
    assert videos.classes == ("riding a bike", "tossing coin, twice")
    name, labels = "-abcDEF_123_000007_000017.mp4", (Label("riding a bike"),)
    assert videos.videos[0] == Video(name, duration=10.0, subset="train", labels=labels, extra={"is_cc": "0"})
    assert videos.videos[1].path == "xyz_000417_000427.mp4"


def test_a_test_list_without_labels_gives_videos_without_labels(written):
    videos = read_kinetics(written("youtube_id,time_start,time_end,split\nxyz,0,10,test\n"), classes=["run"])
    assert videos.videos == (Video("xyz_000000_000010.mp4", duration=10.0, subset="test"),)
    assert videos.classes == ("run",)


def test_with_a_root_the_videos_are_found_in_any_layout_and_the_others_are_told(written, tmp_path):
    touch(tmp_path / "videos" / "val" / "riding_a_bike" / "-abcDEF_123_000007_000017.mkv")
    with pytest.warns(MissingVideosWarning, match="1 of the 2 videos") as warned:
        videos = read_kinetics(written(LIST), root=tmp_path / "videos")
    assert [video.path for video in videos] == ["val/riding_a_bike/-abcDEF_123_000007_000017.mkv"]
    assert videos.classes == ("riding a bike", "tossing coin, twice")
    assert warned[0].message.missing == ("xyz_000417_000427.mp4",)


def test_a_whole_copy_warns_of_nothing(written, tmp_path, recwarn):
    for name in ("-abcDEF_123_000007_000017.mp4", "xyz_000417_000427.mp4"):
        touch(tmp_path / "videos" / name)
    assert len(read_kinetics(written(LIST), root=tmp_path / "videos")) == 2
    assert not recwarn.list


def test_a_name_that_fits_two_files_is_an_error(written, tmp_path):
    for folder in ("a", "b"):
        touch(tmp_path / "videos" / folder / "xyz_000417_000427.mp4")
    with pytest.raises(AnnotationError, match=r"xyz_000417_000427\.mp4 fits two files"):
        read_kinetics(written(LIST), root=tmp_path / "videos")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column 'youtube_id'"),
        ("label,youtube_id,time_start\n", "no column 'time_end'"),
        ("label,youtube_id,time_start,time_end\nrun,a,ten,20\n", "line 2 has the time 'ten'"),
        ("label,youtube_id,time_start,time_end\nrun,a,-3,20\n", "line 2 has the time '-3'"),
        ("label,youtube_id,time_start,time_end\nrun,a,nan,20\n", "line 2 has the time 'nan'"),
        ("label,youtube_id,time_start,time_end\nrun,a,1\n", "line 2 has 3 cells; expected 4"),
        ("label,youtube_id,time_start,time_end\nswim,a,1,2\n", "line 2 has the class 'swim'"),
    ],
)
def test_a_wrong_list_is_an_error_with_file_line_and_value(written, text, message):
    with pytest.raises(AnnotationError, match=rf"train\.csv: .*{message}"):
        read_kinetics(written(text), classes=["run"])


def test_a_root_that_is_no_folder_is_an_error(written, tmp_path):
    with pytest.raises(AnnotationError, match="no such folder"):
        read_kinetics(written(LIST), root=tmp_path / "none")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the official lists are not beside the checkout")
@pytest.mark.parametrize(("classes", "count"), [(400, 19906), (600, 30000)])
def test_the_official_lists_hold_what_they_are_known_to_hold(classes, count):
    names = class_names(SHARED / f"label_map_k{classes}.txt")
    videos = read_kinetics(SHARED / f"kinetics-{classes}_val.csv.gz")
    assert len(videos) == count
    assert len(names) == classes
    assert videos.classes == names  # the usual order of the classes is the alphabetical one
    assert {video.subset for video in videos} == {"val"}
