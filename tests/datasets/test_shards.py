import json
import tarfile
from pathlib import Path

import pytest

from tubelet.datasets.shards import INDEX, shard_videos, write_shards
from tubelet.datasets.video_sources import SourceError, VideoSource, folder_videos, listed_videos


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five files with a video's name, one of them deeper, and one that is none."""
    root = tmp_path / "videos"
    (root / "deep").mkdir(parents=True)
    for number, name in enumerate(["b.mp4", "a.v1.MP4", "deep/c.avi", "d.webm", "e.mkv"]):
        (root / name).write_bytes(bytes([number]) * (700 + number))
    (root / "notes.txt").write_text("no video")
    return root


def test_what_goes_into_shards_comes_out_again(folder: Path, tmp_path: Path) -> None:
    shards = write_shards(folder, tmp_path / "out", shard_bytes=2000)
    assert len(shards) == 3  # a header and two blocks a video: two close a shard
    expected = [Path(video.url).read_bytes() for video in folder_videos(str(folder))]
    assert len(expected) == 5
    assert [video.read() for video in shard_videos(str(tmp_path / "out"))] == expected


def test_shards_without_an_index_are_scanned_to_the_same_videos(folder: Path, tmp_path: Path) -> None:
    write_shards(folder, tmp_path / "out", shard_bytes=2000)
    indexed = shard_videos(str(tmp_path / "out"))
    (tmp_path / "out" / INDEX).unlink()
    assert shard_videos(str(tmp_path / "out")) == indexed


def test_ranges_and_stars_name_the_same_shards(folder: Path, tmp_path: Path) -> None:
    write_shards(folder, tmp_path / "out", shard_bytes=2000)
    whole = shard_videos(f"{tmp_path}/out/shard-{{000000..000002}}.tar")
    assert whole == shard_videos(f"{tmp_path}/out/shard-*.tar") == shard_videos(str(tmp_path / "out"))
    assert [video.name for video in shard_videos([f"{tmp_path}/out/shard-000001.tar"])] == [
        video.name for video in whole[2:4]
    ]


def test_urls_are_read_through_fsspec(folder: Path, tmp_path: Path) -> None:
    write_shards(folder, tmp_path / "out")
    local = shard_videos(str(tmp_path / "out"))
    remote = shard_videos(f"file://{tmp_path}/out")
    assert remote == shard_videos(f"file://{tmp_path}/out/*.tar")
    assert [video.read() for video in remote] == [video.read() for video in local]
    assert all(video.url.startswith("file://") for video in remote)
    (b,) = [video for video in folder_videos(f"file://{folder}") if video.url.endswith("/b.mp4")]
    assert b.read() == (folder / "b.mp4").read_bytes()


def test_members_have_one_dot_as_webdataset_wants_it_and_the_archive_is_plain(folder: Path, tmp_path: Path) -> None:
    (shard,) = write_shards(folder, tmp_path / "out")
    with tarfile.open(shard, "r:") as tar:
        names = tar.getnames()
    assert names == ["00000000-a_v1.mp4", "00000001-b.mp4", "00000002-d.webm", "00000003-c.avi", "00000004-e.mkv"]
    assert [member[0] for member in json.loads((tmp_path / "out" / INDEX).read_text())[shard.name]] == names


def test_the_same_videos_give_the_same_shards(folder: Path, tmp_path: Path) -> None:
    (one,), (other,) = write_shards(folder, tmp_path / "one"), write_shards(folder, tmp_path / "other")
    assert one.read_bytes() == other.read_bytes()


def test_shards_are_not_written_over_others(folder: Path, tmp_path: Path) -> None:
    write_shards(folder, tmp_path / "out")
    with pytest.raises(SourceError, match="holds shards already"):
        write_shards(folder, tmp_path / "out")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        folder_videos(str(tmp_path / "none"))
    with pytest.raises(SourceError, match=r"none\.tar: no such file; expected a shard"):
        shard_videos(str(tmp_path / "none.tar"))
    (tmp_path / "text.tar").write_text("no tar at all")
    with pytest.raises(SourceError, match=r"text\.tar is no plain tar"):
        shard_videos(str(tmp_path / "text.tar"))
    with pytest.raises(SourceError, match=r"no shard fits .*none-\*\.tar"):
        shard_videos(f"{tmp_path}/none-*.tar")
    with pytest.raises(SourceError, match=r"none\.mp4 cannot be read"):
        VideoSource(f"file://{tmp_path}/none.mp4").read()
    with pytest.raises(SourceError, match=r"tubelet\[shards\]"):
        VideoSource("unheardof://bucket/video.mp4").read()


def test_lists_of_the_authors_serve_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("a clip.mp4 12\n/data/b.mp4 0 -1\n\ns3://bucket/c.mp4\nd 2.mp4\ne.mp4, 3\n")
    assert [video.url for video in listed_videos(path, "videos/")] == [
        "videos/a clip.mp4",
        "/data/b.mp4",
        "s3://bucket/c.mp4",
        "videos/d 2.mp4",
        "videos/e.mp4",
    ]


class WholeFiles:
    """A server that does not know what a range of bytes is."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def cat_file(self, path: str, start: int, end: int | None) -> bytes:
        return self.content


def test_a_server_without_ranges_costs_a_shard_a_video(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shard,) = write_shards(folder, tmp_path / "out")
    videos = shard_videos(str(shard))
    expected, content = [video.read() for video in videos], shard.read_bytes()
    monkeypatch.setattr("tubelet.datasets.video_sources.file_system", lambda url: (WholeFiles(content), url))
    with pytest.warns(UserWarning, match="gives no part of a file"):
        assert [video.read() for video in videos] == expected


def test_a_shard_that_ends_early_is_an_error_of_the_video(folder: Path, tmp_path: Path) -> None:
    (shard,) = write_shards(folder, tmp_path / "out")
    last = shard_videos(str(shard))[-1]
    shard.write_bytes(shard.read_bytes()[: last.start + 10])
    with pytest.raises(SourceError, match=r"e\.mkv has 10 of its 704 bytes; the archive ends early"):
        last.read()


def test_the_bytes_of_a_video_carry_its_name(folder: Path, tmp_path: Path) -> None:
    video = shard_videos([str(shard) for shard in write_shards(folder, tmp_path / "out")])[0]
    opened = video.open()
    assert not isinstance(opened, str)
    assert opened.name == video.name
