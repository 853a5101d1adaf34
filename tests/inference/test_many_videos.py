import json
import os

import pytest

from tubelet.inference import Failure, RecognitionResult, Recognizer, ResultError, ResultLog, recognize_videos


@pytest.fixture
def videos(clip, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a video")
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    return [clip, broken, copy]


@pytest.fixture
def recognizer(checkpoint):
    return Recognizer(checkpoint=checkpoint)


@pytest.fixture
def counted(recognizer, monkeypatch):
    """The recogniser, and the videos that it was really shown."""
    seen = []
    real = Recognizer.__call__

    def call(self, path, **options):
        seen.append(path)
        return real(self, path, **options)

    monkeypatch.setattr(Recognizer, "__call__", call)
    return recognizer, seen


def test_a_broken_video_is_recorded_and_the_others_go_on(recognizer, videos, tmp_path):
    log = ResultLog(tmp_path / "out" / "results.jsonl", recognizer.settings)
    first, second, third = recognize_videos(recognizer, videos, log)
    assert isinstance(first, RecognitionResult)
    assert isinstance(third, RecognitionResult)
    assert isinstance(second, Failure)
    assert "broken.mp4" in second.error
    lines = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text().splitlines()]
    assert [line["video"]["path"] for line in lines] == [str(video) for video in videos]
    assert lines[1]["error"] == second.error


def test_results_are_on_disk_before_the_next_video_begins(recognizer, videos, tmp_path):
    path = tmp_path / "results.jsonl"
    outcomes = recognize_videos(recognizer, videos, ResultLog(path, recognizer.settings))
    for done in (1, 2, 3):
        next(outcomes)
        assert len(path.read_text().splitlines()) == done


def test_a_second_run_does_only_what_failed(counted, videos, tmp_path):
    recognizer, seen = counted
    path = tmp_path / "results.jsonl"
    before = list(recognize_videos(recognizer, videos, ResultLog(path, recognizer.settings)))
    seen.clear()
    after = list(recognize_videos(recognizer, videos, ResultLog(path, recognizer.settings)))
    assert seen == [videos[1]]
    assert len(path.read_text().splitlines()) == 3  # the same failure is not written twice
    assert [o.path for o in after] == [o.path for o in before]
    assert after[0].labels[0].name == before[0].labels[0].name


def test_other_settings_and_a_changed_file_are_done_again(counted, checkpoint, videos, tmp_path):
    recognizer, seen = counted
    path = tmp_path / "results.jsonl"
    list(recognize_videos(recognizer, videos, ResultLog(path, recognizer.settings)))
    os.utime(videos[2], (1, 1))
    seen.clear()
    list(recognize_videos(recognizer, videos, ResultLog(path, recognizer.settings)))
    assert videos[2] in seen
    assert videos[0] not in seen
    other = Recognizer(checkpoint=checkpoint, top=1)
    seen.clear()
    list(recognize_videos(other, videos, ResultLog(path, other.settings)))
    assert len(seen) == 3


def test_a_line_that_was_cut_short_is_dropped_and_done_again(counted, videos, tmp_path):
    recognizer, seen = counted
    path = tmp_path / "results.jsonl"
    list(recognize_videos(recognizer, videos, ResultLog(path, recognizer.settings)))
    content = path.read_bytes()
    path.write_bytes(content[:-40])  # as a kill in the middle of a write leaves it
    seen.clear()
    list(recognize_videos(recognizer, videos, ResultLog(path, recognizer.settings)))
    assert videos[2] in seen
    assert [json.loads(line)["video"]["path"] for line in path.read_text().splitlines()] == [str(v) for v in videos]


def test_a_file_of_something_else_is_not_added_to(recognizer, tmp_path):
    path = tmp_path / "shopping.txt"
    path.write_text("milk\n")
    with pytest.raises(ResultError, match=r"shopping\.txt, line 1"):
        ResultLog(path, recognizer.settings)
    assert path.read_text() == "milk\n"
