import tracemalloc

import numpy as np
import pytest

from tubelet.inference.windows import cut_windows, find_segments, fuse_windows
from tubelet.video.sampling import sliding_windows


def numbered_frames(count, side=1):
    for number in range(count):
        yield np.full((side, side, 3), number, np.int64)


@pytest.mark.parametrize(
    ("frames", "length", "stride", "hop"), [(20, 4, 1, 2), (33, 4, 3, 5), (50, 5, 2, 20), (3, 4, 2, 1)]
)
def test_each_window_holds_the_frames_that_it_asks_for(frames, length, stride, hop):
    windows = sliding_windows(frames, length, stride, hop, cover_end=True)
    cut = list(cut_windows(numbered_frames(frames), windows))
    assert [window[:, 0, 0, 0].tolist() for window in cut] == windows.tolist()


def test_a_stream_that_ends_early_gives_the_windows_that_it_fills():
    windows = sliding_windows(20, 4, 1, 4)
    assert len(list(cut_windows(numbered_frames(13), windows))) == 3


def test_only_frames_that_a_window_needs_are_prepared_and_each_once():
    prepared = []
    windows = np.array([[0, 4, 8], [4, 8, 12]])

    def prepare(frame):
        prepared.append(int(frame[0, 0, 0]))
        return frame

    list(cut_windows(numbered_frames(40), windows, prepare))
    assert prepared == [0, 4, 8, 12]


def test_memory_is_bounded_by_the_window_and_not_by_the_video():
    frames, side = 600, 64
    windows = sliding_windows(frames, 4, 2, 4)
    tracemalloc.start()
    for _ in cut_windows(numbered_frames(frames, side), windows):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * side * side * 3 * 8  # twenty frames, where the video has six hundred


def test_a_stretch_of_time_has_the_mean_of_the_windows_that_cover_it():
    windows = np.array([[0.0, 4.0], [2.0, 6.0], [3.0, 7.0], [9.0, 10.0]])
    stretches, fused = fuse_windows(windows, np.array([[1.0], [0.5], [0.0], [0.25]]))
    assert stretches.tolist() == [[0, 2], [2, 3], [3, 4], [4, 6], [6, 7], [9, 10]]
    assert fused[:, 0].tolist() == [1.0, 0.75, 0.5, 0.25, 0.0, 0.25]


def test_neighbouring_moments_with_the_same_best_class_become_one_segment():
    windows = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0], [3.0, 4.0]])
    scores = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.45, 0.5]])
    first, second = find_segments(windows, scores, ["run", "jump"])
    assert (first.start, first.end, first.label, first.score) == (0, 2, "run", pytest.approx(0.8))
    assert (second.start, second.end, second.label, second.score) == (2, 4, "jump", pytest.approx(0.65))


def test_moments_below_the_threshold_belong_to_no_segment():
    windows = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]])
    scores = np.array([[0.9], [0.2], [0.9]])
    assert [(s.start, s.end) for s in find_segments(windows, scores, ["run"])] == [(0, 1), (2, 3)]
    assert [(s.start, s.end) for s in find_segments(windows, scores, ["run"], threshold=0.1)] == [(0, 3)]


def test_a_gap_in_time_separates_segments_of_one_class():
    windows = np.array([[0.0, 1.0], [3.0, 4.0]])
    assert len(find_segments(windows, np.array([[0.9], [0.9]]), ["run"])) == 2


def test_no_windows_give_no_segments():
    assert find_segments(np.zeros((0, 2)), np.zeros((0, 3)), ["a", "b", "c"]) == ()
