"""Places that nothing can be written to are told of before the work."""

import pytest

from tubelet.cli import main
from tubelet.cli.outputs import file_to_write, folder_to_write
from tubelet.errors import TubeletError


def test_the_folders_above_a_file_are_made(tmp_path):
    assert file_to_write(tmp_path / "a" / "b" / "c.html") == tmp_path / "a" / "b" / "c.html"
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_is_no_file_to_write(tmp_path):
    with pytest.raises(TubeletError, match="is a folder; expected the name of a file"):
        file_to_write(tmp_path)


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(TubeletError, match=f"nothing can be written to the folder {place}"):
            folder_to_write(place)


@pytest.mark.parametrize("option", ["--output", "--report"])
def test_recognition_does_not_begin_where_its_results_cannot_go(option, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    (tmp_path / "video.mp4").write_bytes(b"not even looked at")
    place = str(tmp_path / "file" / "result")
    monkeypatch.setattr("sys.argv", ["tubelet", "recognize", str(tmp_path / "video.mp4"), option, place])
    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 1
    assert "nothing can be written to the folder" in capsys.readouterr().err


def test_a_full_disk_is_one_sentence(monkeypatch, capsys):
    def full():
        raise OSError(28, "No space left on device", "results.json")

    monkeypatch.setattr("tubelet.cli.app", full)
    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 1
    assert capsys.readouterr().err == "error: results.json: No space left on device.\n"
