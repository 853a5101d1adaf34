"""Lists of "path label" lines in the forms that people keep them in."""

import gzip

import pytest

from tubelet.annotations import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.video_list import read_video_list, write_video_list


@pytest.fixture
def written(tmp_path):
    def write(text, name="train.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def rows(videos):
    return [(video.path, video.labels[0].name) for video in videos]


@pytest.mark.parametrize(
    "text",
    [
        "a/one.mp4 1\nb two.mp4 0\n",
        "a/one.mp4,1\r\nb two.mp4,0\r\n\r\n",
        "a/one.mp4\t1\nb two.mp4\t0",
        "path,label\na/one.mp4,1\nb two.mp4,0\n",
        "label,frames,video_path\n1,30,a/one.mp4\n0,50,b two.mp4\n",
        'path,label\n"a/one.mp4","1"\n"b two.mp4",0\n',
    ],
    ids=["blank", "comma", "tab", "header", "columns in any order", "quoted"],
)
def test_the_separator_and_the_header_are_found(written, text):
    videos = read_video_list(written(text))
    assert rows(videos) == [("a/one.mp4", "1"), ("b two.mp4", "0")]
    assert videos.classes == ("0", "1")


def test_labels_may_be_names_which_are_sorted_to_classes(written):
    videos = read_video_list(written("1.mp4,walk slowly\n2.mp4,jump\n3.mp4,walk slowly\n"))
    assert videos.classes == ("jump", "walk slowly")
    assert rows(videos) == [("1.mp4", "walk slowly"), ("2.mp4", "jump"), ("3.mp4", "walk slowly")]


def test_a_classes_file_names_the_indices(written):
    classes = written("jump\nrun\nwalk\n", "classes.txt")
    by_index = read_video_list(written("1.mp4 2\n2.mp4 0\n"), classes=classes, subset="train")
    assert rows(by_index) == [("1.mp4", "walk"), ("2.mp4", "jump")]
    assert by_index.classes == ("jump", "run", "walk")
    assert {video.subset for video in by_index} == {"train"}
    assert rows(read_video_list(written("1.mp4 walk\n2.mp4 0\n"), classes=["jump", "run", "walk"])) == rows(by_index)


def test_a_path_with_a_comma_needs_the_separator_named(written):
    path = written("one, two.mp4 1\n")
    assert rows(read_video_list(path, delimiter=" ")) == [("one, two.mp4", "1")]


def test_a_packed_list_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "train.csv.gz"
    path.write_bytes(gzip.compress("\ufeffé.mp4 0\n".encode()))
    assert rows(read_video_list(path)) == [("é.mp4", "0")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a.mp4 0\nb.mp4\n", r"train\.csv: line 2 is 'b\.mp4'; expected"),
        ("a.mp4,0\n\nb.mp4,1,2\n", r"line 3 is 'b\.mp4,1,2'"),
        ("a.mp4 5\n", r"line 1 has the class '5'; expected a name among the 2 classes or an index from 0 to 1"),
        ("a.mp4 -1\n", r"line 1 has the class '-1'"),
        ("a.mp4 swim\n", r"line 1 has the class 'swim'"),
        ('a.mp4,"0\n', r"line 1 .* is not csv"),
    ],
)
def test_a_wrong_line_is_an_error_with_file_line_and_value(written, text, message):
    with pytest.raises(AnnotationError, match=message):
        read_video_list(written(text), classes=["jump", "run"])


def test_a_missing_list_and_repeated_classes_are_errors(tmp_path, written):
    with pytest.raises(AnnotationError, match=r"none\.csv: no such file"):
        read_video_list(tmp_path / "none.csv")
    with pytest.raises(AnnotationError, match="class 'run' occurs twice"):
        read_video_list(written("a.mp4 0\n"), classes=written("run\nrun\n", "classes.txt"))


def test_bytes_that_are_no_text_are_an_error(tmp_path):
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(AnnotationError, match=r"list\.txt cannot be read"):
        read_video_list(tmp_path / "list.txt")


@pytest.mark.parametrize("delimiter", [" ", ",", "\t"])
def test_what_was_written_reads_back(tmp_path, delimiter):
    classes = ("jump", "run", "walk slowly")
    paths = {" ": "b c.mp4", "\t": "b, c.mp4", ",": 'b, "c".mp4'}
    videos = VideoSet(
        tuple(
            Video(path, labels=(Label(name),)) for path, name in [("a.mp4", "walk slowly"), (paths[delimiter], "run")]
        ),
        classes,
    )
    write_video_list(tmp_path / "list.csv", videos, delimiter=delimiter)
    assert read_video_list(tmp_path / "list.csv", classes=classes, delimiter=delimiter) == videos
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_a_video_without_a_label_cannot_be_written(tmp_path):
    with pytest.raises(AnnotationError, match=r"a\.mp4 has no label"):
        write_video_list(tmp_path / "list.csv", VideoSet((Video("a.mp4"),), ("run",)))
