"""Lists of folders of frames, "folder frames label"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.annotations import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.frame_folders import read_frame_folders, write_frame_folders


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "frames.txt"
        path.write_text(text)
        return path

    return write


def test_a_line_is_a_folder_its_number_of_frames_and_its_class(written):
    videos = read_frame_folders(written("run/my clip 120 1\njump/b 64 0\n"), classes=["jump", "run"], subset="train")
    assert videos.videos == (
        Video("run/my clip", num_frames=120, subset="train", labels=(Label("run"),)),
        Video("jump/b", num_frames=64, subset="train", labels=(Label("jump"),)),
    )


def test_without_names_the_classes_are_called_by_their_indices(written):
    assert read_frame_folders(written("a 1 2\n")).classes == ("0", "1", "2")


@pytest.mark.parametrize("line", ["clip 12", "clip 12 run", "clip -12 0", "clip 1.5 0", "12 0"])
def test_a_line_that_is_none_is_an_error_with_file_line_and_value(written, line):
    with pytest.raises(AnnotationError, match=rf"frames\.txt: line 2 is '{line}'; expected \"folder frames label\""):
        read_frame_folders(written(f"a 1 0\n{line}\n"))


def test_a_class_out_of_range_is_an_error_with_file_line_and_value(written):
    with pytest.raises(AnnotationError, match=r"frames\.txt: line 2 has the class 2; expected 0 to 1"):
        read_frame_folders(written("a 1 0\nb 1 2\n"), classes=["jump", "run"])


def test_a_video_without_a_number_of_frames_is_not_written(tmp_path):
    with pytest.raises(AnnotationError, match="clip has no number of frames"):
        write_frame_folders(tmp_path / "a.txt", VideoSet((Video("clip", labels=(Label("run"),)),), ("run",)))


NAMES = st.from_regex(r"[a-z!#&(]+(?:[ /][a-z!#&(]+)*", fullmatch=True)


@given(st.lists(st.tuples(NAMES, st.integers(0, 10**6), st.sampled_from(["jump", "run"])), min_size=1))
def test_lists_come_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("frames") / "frames.txt.gz"
    videos = tuple(Video(folder, num_frames=frames, labels=(Label(name),)) for folder, frames, name in rows)
    write_frame_folders(path, VideoSet(videos, ("jump", "run")))
    assert read_frame_folders(path, classes=["jump", "run"]).videos == videos
