"""Every index equals what the authors' code computed (parity cases), and holds its promises for every length."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.video import ClipError, sampling

CASES = Path(__file__).parents[1] / "parity" / "cases"
SHARED = Path(__file__).parents[2].parent / "shared" / "parity"
LENGTHS = (5, 8, 17, 40, 64, 65, 100, 250, 300)


@pytest.fixture(scope="module", params=["videomae", "videomaev2"])
def case(request):
    return np.load(CASES / request.param / "sampling.npz")


def shared(name: str):
    path = SHARED / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"parity case {name} is not beside the checkout")
    return np.load(path)


def by_length(case, name: str, function):
    return np.stack([function(int(length)) for length in case[name]])


def test_dense_test_views_are_the_authors(case):
    np.testing.assert_array_equal(
        by_length(case, "in:dense_lengths", sampling.dense_clips_test), case["out:dense_test"]
    )


def test_a_dense_training_clip_is_the_authors_for_their_draw(case):
    draws = zip(case["in:dense_lengths"], case["in:dense_train_end"], strict=True)
    clips = [sampling.dense_clip(int(length), int(end)) for length, end in draws]
    np.testing.assert_array_equal(np.stack(clips), case["out:dense_train"])


def test_segment_test_views_are_the_authors(case):
    np.testing.assert_array_equal(by_length(case, "in:tsn_lengths", sampling.segment_clips_test), case["out:tsn_test"])


@pytest.mark.parametrize(("system", "short"), [("videomae", "first"), ("videomaev2", "all")])
def test_a_segment_training_clip_is_the_authors_for_their_draw(system, short):
    case = np.load(CASES / system / "sampling.npz")
    draws = zip(case["in:tsn_lengths"], case["in:tsn_train_draw"], strict=True)
    clips = [sampling.segment_clip(int(length), draw, short) for length, draw in draws]
    np.testing.assert_array_equal(np.stack(clips), case["out:tsn_train"])


@pytest.mark.parametrize("stride", [4, 2])
def test_a_pretraining_clip_is_the_authors_for_their_start(case, stride):
    starts = zip(case["in:dense_lengths"], case[f"in:pretrain_start_step{stride}"], strict=True)
    clips = [sampling.pretrain_clip(int(length), int(start), 16, stride) for length, start in starts]
    np.testing.assert_array_equal(np.stack(clips), case[f"out:pretrain_step{stride}"])


def test_validation_clips_of_videomae_v2_are_the_authors():
    case = np.load(CASES / "videomaev2" / "sampling.npz")
    np.testing.assert_array_equal(by_length(case, "in:dense_lengths", sampling.dense_clip_val), case["out:dense_val"])
    np.testing.assert_array_equal(by_length(case, "in:tsn_lengths", sampling.segment_clip_val), case["out:tsn_val"])


@pytest.mark.parametrize(
    ("dataset", "lengths", "hop"), [("thumos", (16, 19, 20, 100), 4), ("fineaction", (16, 31, 32, 100), 16)]
)
def test_windows_of_the_detection_features_are_the_authors(dataset, lengths, hop):
    expected = np.load(CASES / "videomaev2" / "tad_features.npz")[f"out:{dataset}_starts"]
    for length, row in zip(lengths, expected, strict=True):
        windows = sampling.sliding_windows(length, 16, 1, hop)
        np.testing.assert_array_equal(windows[:, 0], row[row >= 0])
        np.testing.assert_array_equal(windows - windows[:, :1], np.tile(np.arange(16), (len(windows), 1)))


def test_mvd_interval_views_are_the_authors():
    case = shared("mvd/sampling")
    views = by_length(case, "in:tsn_lengths", partial(sampling.interval_clips_test, num_segments=16, num_clips=2))
    np.testing.assert_array_equal(views, case["out:tsn_test"])


def test_mvd_training_draws_lie_in_their_intervals():
    case = shared("mvd/sampling")
    for length, clip in zip(case["in:tsn_lengths"], case["out:tsn_train"], strict=True):
        borders = sampling._borders(int(length), 16)
        assert (borders[:-1] <= clip).all()
        assert (clip <= borders[1:]).all()


@pytest.mark.parametrize(("frames", "stride"), [(32, 2), (8, 8), (4, 16)])
def test_mmaction2_wrapped_views_are_the_authors(frames, stride):
    case = shared("slowfast/mmaction2_test_sampling")
    views = [sampling.wrapped_clips_test(n, frames, stride, 10, "mmaction2") for n in LENGTHS]
    np.testing.assert_array_equal(np.stack(views), case[f"out:sample_{frames}x{stride}"])


def test_mmaction2_segment_centres_are_the_authors():
    case = shared("slowfast/mmaction2_test_sampling")
    clips = [sampling.segment_center_clip(n, 8) for n in LENGTHS]
    np.testing.assert_array_equal(np.stack(clips), case["out:sample_1x1x8"])


@pytest.mark.parametrize("segments", [8, 16])
def test_tam_test_and_validation_frames_are_the_authors(segments):
    case = shared("tam/test_protocol")
    dense = partial(sampling.wrapped_clips_test, clip_frames=segments, frame_stride=64 // segments, starts="tam")
    functions = {
        "test_dense10": lambda n: dense(n, num_clips=10),
        "test_dense1": lambda n: dense(n, num_clips=1),
        "val_dense": lambda n: dense(n, num_clips=1),
        "test_uniform1": lambda n: sampling.segment_center_clip(n, segments),
        "test_uniform2": lambda n: sampling.segment_shifted_clips_test(n, segments, 2),
        "val_uniform": lambda n: sampling.segment_center_clip(n, segments, zero_short=True),
    }
    for name, function in functions.items():
        one_based = np.stack([function(n).reshape(-1) + 1 for n in LENGTHS])
        np.testing.assert_array_equal(one_based, case[f"out:{name}_seg{segments}"], err_msg=name)


@pytest.mark.parametrize(("frames", "stride", "every"), [(32, 2, 3), (8, 8, 1), (64, 2, 5)])
@pytest.mark.parametrize("offset", [False, True])
def test_slowfast_views_are_the_authors(frames, stride, every, offset):
    case = shared("slowfast/test_protocol")
    views = [
        sampling.span_clips_test(n, frames, stride, 10, rate, offset) for n in LENGTHS for rate in (30.0, 25.0, 29.97)
    ]
    expected = case[f"out:kinetics_clips_{'offset_' if offset else ''}{frames}x{stride}"]
    np.testing.assert_array_equal(np.stack(views).reshape(-1)[::every], expected.reshape(-1))


def test_slowfast_slow_pathway_and_key_frame_clips_are_the_authors():
    case = shared("slowfast/test_protocol")
    for frames in (16, 32, 64):
        for alpha in (4, 8):
            np.testing.assert_array_equal(
                sampling.slow_pathway(frames, alpha), case[f"out:slow_of_{frames}_alpha{alpha}"]
            )
    for frames, stride in ((32, 2), (4, 16), (64, 2)):
        clips = [sampling.keyframe_clip(26910, keyframe, frames, stride) for keyframe in (0, 30, 45, 900, 26880, 26909)]
        np.testing.assert_array_equal(np.stack(clips), case[f"out:ava_clip_{frames}x{stride}"])


@pytest.mark.parametrize(("number", "length", "segments"), [(0, 45, 8), (1, 12, 16), (2, 100, 64)])
def test_timesformer_interval_middles_are_the_authors(number, length, segments):
    case = shared("timesformer/views")
    np.testing.assert_array_equal(sampling.interval_clips_test(length, segments)[0], case[f"out:ssv2_{number}"])


def test_timesformer_span_views_of_fully_decoded_videos_are_the_authors():
    case = shared("timesformer/views")
    np.testing.assert_array_equal(sampling.span_clips_test(300, 8, 32, 1)[0], case["out:kinetics_0"])
    np.testing.assert_array_equal(sampling.span_clips_test(300, 16, 16, 10)[2], case["out:kinetics_4"])


def test_video_swin_views_start_in_the_middles_of_four_parts_and_wrap():
    # 300 frames: (300 - 64 + 1) / 4 = 59.25; starts floor(29.625), floor(88.875), ... (facts, video_swin)
    assert sampling.wrapped_clips_test(300)[:, 0].tolist() == [29, 88, 148, 207]
    assert sampling.wrapped_clips_test(40)[0, 18:22].tolist() == [36, 38, 0, 2]


def test_mvit_views_cut_the_free_range_in_whole_frames():
    # 16 x 4 at 30 fps: span 64, free 236, step 59; spacing 63/15 = 4.2 (facts, mvit)
    views = sampling.span_clips_test(300, 16, 4, 5, offset_sampling=True)
    assert views[:, 0].tolist() == [0, 59, 118, 177, 236]
    assert views[0, :6].tolist() == [0, 4, 8, 12, 16, 21]


CLIPS = {
    "dense_clip_train": lambda n, t, s, rng: sampling.dense_clip_train(n, t, s, rng)[None],
    "dense_clip_val": lambda n, t, s, rng: sampling.dense_clip_val(n, t, s)[None],
    "dense_clips_test": lambda n, t, s, rng: sampling.dense_clips_test(n, t, s, 5),
    "dense_clips_test, one": lambda n, t, s, rng: sampling.dense_clips_test(n, t, s, 1),
    "pretrain_clip_train": lambda n, t, s, rng: sampling.pretrain_clip_train(n, t, s, rng)[None],
    "segment_clip_train": lambda n, t, s, rng: sampling.segment_clip_train(n, t, rng)[None],
    "segment_clip_train, all": lambda n, t, s, rng: sampling.segment_clip_train(n, t, rng, "all")[None],
    "segment_clip_val": lambda n, t, s, rng: sampling.segment_clip_val(n, t)[None],
    "segment_clips_test": lambda n, t, s, rng: sampling.segment_clips_test(n, t, 3),
    "segment_center_clip": lambda n, t, s, rng: sampling.segment_center_clip(n, t)[None],
    "interval_clip_train": lambda n, t, s, rng: sampling.interval_clip_train(n, t, rng)[None],
    "interval_clips_test": lambda n, t, s, rng: sampling.interval_clips_test(n, t, 2),
    "span_clip_train": lambda n, t, s, rng: sampling.span_clip_train(n, t, s, rng, 25.0)[None],
    "span_clips_test": lambda n, t, s, rng: sampling.span_clips_test(n, t, s, 10, 29.97),
    "span_clips_test, offset": lambda n, t, s, rng: sampling.span_clips_test(n, t, s, 3, offset_sampling=True),
    "keyframe_clip": lambda n, t, s, rng: sampling.keyframe_clip(n, n // 2, t, s)[None],
    "sliding_windows": lambda n, t, s, rng: sampling.sliding_windows(n, t, s, 7, cover_end=True),
}
WRAPPED = {
    "wrapped_clip_train": lambda n, t, s, rng: sampling.wrapped_clip_train(n, t, s, rng)[None],
    "wrapped_clips_test, swin": lambda n, t, s, rng: sampling.wrapped_clips_test(n, t, s, 4, "swin"),
    "wrapped_clips_test, mmaction2": lambda n, t, s, rng: sampling.wrapped_clips_test(n, t, s, 10, "mmaction2"),
    "wrapped_clips_test, one": lambda n, t, s, rng: sampling.wrapped_clips_test(n, t, s, 1, "mmaction2"),
    "wrapped_clips_test, tam": lambda n, t, s, rng: sampling.wrapped_clips_test(n, t, s, 10, "tam"),
    "segment_shifted_clips_test": lambda n, t, s, rng: sampling.segment_shifted_clips_test(n, t, 2),
}
SIZES = {
    "num_frames": st.integers(1, 700),
    "clip_frames": st.integers(1, 40),
    "stride": st.integers(1, 9),
    "seed": st.integers(0, 99),
}


@pytest.mark.parametrize("name", [*CLIPS, *WRAPPED])
@given(**SIZES)
def test_clips_of_any_length_have_the_right_count_and_lie_in_the_video(name, num_frames, clip_frames, stride, seed):
    function = (CLIPS | WRAPPED)[name]
    clips = function(num_frames, clip_frames, stride, np.random.default_rng(seed))
    assert clips.dtype == np.int64
    assert clips.ndim == 2
    assert clips.shape[1] == clip_frames
    assert clips.min() >= 0
    assert clips.max() < num_frames


@pytest.mark.parametrize("name", CLIPS)
@given(**SIZES)
def test_clips_that_do_not_wrap_never_go_back_in_time(name, num_frames, clip_frames, stride, seed):
    clips = CLIPS[name](num_frames, clip_frames, stride, np.random.default_rng(seed))
    assert (np.diff(clips, axis=1) >= 0).all()


@given(num_frames=st.integers(1, 700), clip_frames=st.integers(1, 40), stride=st.integers(1, 9), hop=st.integers(1, 50))
def test_sliding_windows_that_cover_the_end_reach_the_last_frame(num_frames, clip_frames, stride, hop):
    windows = sampling.sliding_windows(num_frames, clip_frames, stride, hop, cover_end=True)
    span = (clip_frames - 1) * stride + 1
    assert windows[0, 0] == 0
    assert windows[-1, -1] == (num_frames - 1 if num_frames >= span else min(span, num_frames) - 1)
    assert (np.diff(windows[:, 0]) > 0).all()


@given(seed=st.integers(0, 200))
def test_random_clips_depend_on_their_generator_alone(seed):
    first = sampling.dense_clip_train(300, 16, 4, np.random.default_rng(seed))
    again = sampling.dense_clip_train(300, 16, 4, np.random.default_rng(seed))
    np.testing.assert_array_equal(first, again)


def test_random_clips_reach_both_ends_of_the_video():
    rng = np.random.default_rng(0)
    clips = np.stack([sampling.pretrain_clip_train(70, 16, 4, rng) for _ in range(200)])
    assert clips[:, 0].min() == 0
    assert clips[:, 0].max() == 6  # 70 - 16 * 4, included


@pytest.mark.parametrize("name", [*CLIPS, *WRAPPED])
def test_a_video_without_frames_is_one_clear_error(name):
    with pytest.raises(ClipError, match="video with 0 frames"):
        (CLIPS | WRAPPED)[name](0, 16, 4, np.random.default_rng(0))


def test_a_count_below_one_is_named_in_the_error():
    with pytest.raises(ClipError, match="frame_stride=0"):
        sampling.sliding_windows(30, 16, 0, 4)
