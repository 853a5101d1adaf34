"""Files read and written whole: gzip, tar archives, tables, and what is said when they are not what they should be."""

import gzip
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.annotations import AnnotationError
from tubelet.annotations.text_files import (
    folder_files,
    is_folder,
    read_json,
    read_table,
    read_text,
    write_json,
    write_rows,
    write_text,
)


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "lists.tar.gz"
    with tarfile.open(path, "w:gz") as files:
        for name, text in (("b.txt", b"bee\n"), ("a.txt", b"ay\n"), ("deep/c.txt", b"sea\n")):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            files.addfile(member, io.BytesIO(text))
    return path


def test_a_name_that_ends_in_gz_is_a_gzipped_file(tmp_path):
    write_text(tmp_path / "a.txt.gz", "one\r\ntwo\n")
    assert gzip.decompress((tmp_path / "a.txt.gz").read_bytes()) == b"one\r\ntwo\n"
    assert read_text(tmp_path / "a.txt.gz", "text") == "one\r\ntwo\n"


def test_writing_twice_gives_the_same_bytes_and_leaves_no_other_file(tmp_path):
    for name in ("a.gz", "b.gz"):
        write_text(tmp_path / name, "text")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gz", "b.gz"]


def test_a_path_leads_into_an_archive_as_into_a_folder(archive):
    assert is_folder(archive)
    assert folder_files(archive) == [archive / "a.txt", archive / "b.txt"]
    assert read_text(archive / "b.txt", "text") == "bee\n"


def test_a_file_that_an_archive_lacks_is_named(archive):
    with pytest.raises(AnnotationError, match=r"lists.tar.gz/d.txt: no such file; expected a list"):
        read_text(archive / "d.txt", "a list")


def test_a_gzip_file_that_is_cut_short_is_an_error_with_its_name(tmp_path):
    whole = gzip.compress(b"text " * 1000)
    (tmp_path / "cut.txt.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AnnotationError, match=r"cut.txt.gz cannot be read"):
        read_text(tmp_path / "cut.txt.gz", "text")


def test_a_json_file_that_is_cut_short_is_an_error_with_its_line(tmp_path):
    (tmp_path / "cut.json").write_text('{"a": [1,\n2')
    with pytest.raises(AnnotationError, match=r"cut.json: line 2 is not JSON"):
        read_json(tmp_path / "cut.json", "a mapping")


def test_a_number_that_json_has_not_is_not_written(tmp_path):
    with pytest.raises(AnnotationError, match=r"a.json cannot be written as JSON"):
        write_json(tmp_path / "a.json", [float("nan")])
    assert not list(tmp_path.iterdir())


def test_a_row_with_too_few_cells_is_an_error_with_line_and_value(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3\n")
    with pytest.raises(AnnotationError, match=r"a.csv: line 3 has 1 cells; expected 2: '3'"):
        read_table(tmp_path / "a.csv", ["x"], "a table")


def test_a_column_that_is_missing_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n")
    with pytest.raises(AnnotationError, match=r"a.csv: no column 'z' in its first line; expected a table"):
        read_table(tmp_path / "a.csv", ["x", "z"], "a table")


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1).filter(
    lambda cell: cell == cell.strip()
)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1))
def test_a_table_comes_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("table") / "a.csv"
    write_rows(path, [["x", "y"], *rows])
    header, back = read_table(path, ["y"], "a table")
    assert header == ["x", "y"]
    assert [cells for _, cells in back] == rows
