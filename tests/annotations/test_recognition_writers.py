"""Writers of the recognition sets' official lists: what was read comes back, the real lists where they are at hand."""

import csv
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.annotations import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.hmdb51 import read_hmdb51, write_hmdb51
from tubelet.annotations.kinetics import read_kinetics, write_kinetics
from tubelet.annotations.something_something import read_something_something, write_something_something
from tubelet.annotations.text_files import read_json, read_text
from tubelet.annotations.ucf101 import read_ucf101, write_ucf101

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "annotations"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the real annotation files are not here")


def test_a_list_of_kinetics_comes_back_to_the_byte(tmp_path):
    text = 'label,youtube_id,time_start,time_end,split,is_cc\nrun,-a_b_1,7,17,val,0\n"jump, twice",xyz,0,10,val,1\n'
    (tmp_path / "a.csv").write_text(text)
    write_kinetics(tmp_path / "back.csv", read_kinetics(tmp_path / "a.csv"))
    assert (tmp_path / "back.csv").read_text() == text


def test_a_list_without_labels_comes_back_without_the_column(tmp_path):
    (tmp_path / "a.csv").write_text("youtube_id,time_start,time_end,split\nxyz,0,10,test\n")
    write_kinetics(tmp_path / "back.csv", read_kinetics(tmp_path / "a.csv", classes=["run"]))
    assert (tmp_path / "back.csv").read_text() == (tmp_path / "a.csv").read_text()


def test_a_video_whose_name_has_no_times_is_not_written_for_kinetics(tmp_path):
    with pytest.raises(AnnotationError, match=r"clip\.mp4 is not called <youtube_id>_<start>_<end>"):
        write_kinetics(tmp_path / "a.csv", VideoSet((Video("clip.mp4"),)))


IDS = st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True)
STARTS = st.integers(0, 99999)


@given(st.lists(st.tuples(IDS, STARTS, st.sampled_from(["run", 'say "a, b"'])), min_size=1))
def test_lists_of_kinetics_come_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("kinetics") / "a.csv.gz"
    videos = tuple(
        Video(f"{name}_{start:06d}_{start + 10:06d}.mp4", duration=10.0, subset="train", labels=(Label(label),))
        for name, start, label in rows
    )
    write_kinetics(path, VideoSet(videos))
    assert read_kinetics(path).videos == videos


def test_a_split_of_ucf101_refuses_a_video_outside_its_classs_folder(tmp_path):
    videos = VideoSet((Video("Archery/a.avi", subset="train", labels=(Label("Bowling"),)),), ("Archery", "Bowling"))
    with pytest.raises(AnnotationError, match=r"Archery/a\.avi has the subset 'train'"):
        write_ucf101(tmp_path, videos)


def test_a_split_of_hmdb51_refuses_an_unknown_subset(tmp_path):
    videos = VideoSet((Video("run/a.avi", subset="val", labels=(Label("run"),)),), ("run",))
    with pytest.raises(AnnotationError, match=r"run/a\.avi has the subset 'val'"):
        write_hmdb51(tmp_path, videos)


def test_a_class_without_a_template_in_brackets_is_written_by_its_name(tmp_path):
    videos = VideoSet((Video("7.webm", labels=(Label("Pushing something"),)),), ("Pushing something",))
    write_something_something(tmp_path / "a.json", videos, labels=tmp_path / "labels.json")
    assert read_json(tmp_path / "a.json", "list") == [{"id": "7", "template": "Pushing something"}]
    assert read_something_something(tmp_path / "a.json", tmp_path / "labels.json").classes == videos.classes


@real
@pytest.mark.parametrize(("classes", "count"), [(400, 19906), (600, 30000)])
def test_the_real_lists_of_kinetics_have_their_counts_and_come_back(classes, count, tmp_path):
    source = SHARED / "kinetics" / f"kinetics-{classes}_val.csv.gz"
    videos = read_kinetics(source)
    assert (len(videos), len(videos.classes)) == (count, classes)
    write_kinetics(tmp_path / "back.csv", videos)

    def rows(path):
        return list(csv.reader(io.StringIO(read_text(path, "csv"))))

    assert rows(tmp_path / "back.csv") == rows(source)


@real
@pytest.mark.parametrize(("split", "train", "test"), [(1, 9537, 3783), (2, 9586, 3734), (3, 9624, 3696)])
def test_the_real_splits_of_ucf101_come_back_to_the_byte_from_their_archive(split, train, test, tmp_path):
    source = SHARED / "ucf101" / "ucf101_splits.tar.gz"
    videos = read_ucf101(source, split=split)
    assert [sum(video.subset == subset for video in videos) for subset in ("train", "test")] == [train, test]
    write_ucf101(tmp_path, videos, split=split)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "classInd.txt",
        f"testlist0{split}.txt",
        f"trainlist0{split}.txt",
    ]
    assert_same_bytes(tmp_path, source)


@real
def test_the_real_splits_of_hmdb51_come_back_to_the_byte_from_their_archive(tmp_path):
    source = SHARED / "hmdb51" / "hmdb51_splits.tar.gz"
    videos = read_hmdb51(source, split=2, unused=True)
    counts = [sum(video.subset == subset for video in videos) for subset in ("train", "test", "unused")]
    assert counts == [3570, 1530, 1666]
    write_hmdb51(tmp_path, videos, split=2)
    assert len(list(tmp_path.iterdir())) == 51
    assert_same_bytes(tmp_path, source)


@real
def test_the_real_list_of_something_something_comes_back(tmp_path):
    folder = SHARED / "sthv2"
    source, labels = (folder / f"something-something-v2-{name}" for name in ("validation.json.gz", "labels.json"))
    videos = read_something_something(source, labels)
    assert (len(videos), len(videos.classes)) == (24777, 174)
    write_something_something(tmp_path / "back.json", videos, labels=tmp_path / "labels.json")
    assert read_json(tmp_path / "back.json", "list") == read_json(source, "list")
    assert read_json(tmp_path / "labels.json", "labels") == read_json(labels, "labels")


def assert_same_bytes(folder, archive):
    with tarfile.open(archive) as files:
        for path in folder.iterdir():
            assert path.read_bytes() == files.extractfile(path.name).read(), path.name
