import numpy as np
import pytest
import torch

import tubelet.inference.recognition as recognition
from tubelet.checkpoints import CheckpointError, create_model, save_checkpoint
from tubelet.datasets.transforms import EvaluationTransform
from tubelet.errors import TubeletError
from tubelet.inference import Recognizer, recognize
from tubelet.video import VideoError, VideoReader
from tubelet.video.sampling import dense_clips_test, sliding_windows


@pytest.fixture(scope="module")
def model(checkpoint):
    return create_model(None, checkpoint=checkpoint).eval()


def softmax_of(model, frames, clips, crops=1):
    views = EvaluationTransform(model.spec.crop, crops)(frames, clips)
    with torch.inference_mode():
        return model(views).softmax(dim=1).numpy()


def test_a_short_clip_gets_the_mean_softmax_of_its_test_views(checkpoint, model, clip):
    result = Recognizer(checkpoint=checkpoint, views=(2, 3), top=3)(clip)
    with VideoReader(clip) as reader:
        frames = reader.frames(range(len(reader)))
    expected = softmax_of(model, frames, dense_clips_test(24, 16, 1, 2), 3).mean(axis=0)
    assert result.timeline is None
    assert {label.name: pytest.approx(label.score, abs=1e-6) for label in result.labels} == dict(
        zip(model.classes, expected.tolist(), strict=True)
    )
    assert [label.score for label in result.labels] == sorted((s.score for s in result.labels), reverse=True)


def test_a_long_video_gets_the_scores_of_its_sliding_windows(checkpoint, model, long_video):
    result = Recognizer(checkpoint=checkpoint, hop=0.5, batch_size=3)(long_video)
    with VideoReader(long_video) as reader:
        frames = reader.frames(range(len(reader)))
    indices = sliding_windows(96, 16, 1, 8)  # half a second at 16 frames a second
    np.testing.assert_allclose(result.timeline.scores, softmax_of(model, frames, indices), atol=1e-5)
    assert result.timeline.windows[0].tolist() == [0.0, 1.0]
    assert result.timeline.windows[-1].tolist() == [5.0, 6.0]
    assert result.timeline.classes == model.classes


def test_windows_of_a_strided_model_keep_its_stride(tmp_path, long_video):
    path = tmp_path / "strided.safetensors"
    model = create_model("videomae_tiny", num_classes=2, frame_stride=2, num_frames=8, patch=(2, 8, 8)).eval()
    torch.nn.init.normal_(model.head.weight)
    save_checkpoint(path, model, name="videomae_tiny")
    result = Recognizer(checkpoint=path)(long_video)
    with VideoReader(long_video) as reader:
        frames = reader.frames(range(96))
    indices = sliding_windows(96, 8, 2, 8, cover_end=True)  # half of the 16 frames that a clip stretches over
    np.testing.assert_allclose(result.timeline.scores, softmax_of(model, frames, indices), atol=1e-5)
    assert result.timeline.windows[1].tolist() == [0.5, 1.4375]  # frames 8 to 22, the last one's end at 23 / 16 s
    assert result.timeline.windows[-1, 1] == pytest.approx(6.0)


def test_windows_average_their_crops(checkpoint, model, long_video):
    result = Recognizer(checkpoint=checkpoint, views=(1, 3), hop=1.0)(long_video)
    with VideoReader(long_video) as reader:
        first = softmax_of(model, reader.frames(range(16)), np.arange(16)[None], 3).mean(axis=0)
    np.testing.assert_allclose(result.timeline.scores[0], first, atol=1e-5)


def test_a_long_video_has_segments_and_a_result_keeps_only_its_leading_classes(checkpoint, long_video):
    result = Recognizer(checkpoint=checkpoint, top=1, threshold=0.0)(long_video)
    assert len(result.labels) == 1
    assert result.segments[0].start == 0.0
    assert result.segments[-1].end == pytest.approx(6.0)
    assert set(result.timeline.classes) >= {segment.label for segment in result.segments}


def test_a_result_carries_the_facts_of_the_file(checkpoint, clip):
    video = Recognizer(checkpoint=checkpoint)(clip).video
    assert (video.path, video.width, video.height, video.num_frames) == (str(clip), 96, 72, 24)
    assert (video.duration, video.frame_rate) == (pytest.approx(1.5), pytest.approx(16))


def test_progress_counts_the_clips_to_the_end(checkpoint, long_video):
    steps = []
    Recognizer(checkpoint=checkpoint, batch_size=4)(
        long_video, progress=lambda done, total: steps.append((done, total))
    )
    assert steps[-1] == (11, 11)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_names_can_be_given_where_the_checkpoint_has_none(tmp_path, clip):
    path = tmp_path / "nameless.safetensors"
    save_checkpoint(path, create_model("videomae_tiny", num_classes=2), name="videomae_tiny")
    assert {label.name for label in recognize(clip, checkpoint=path).labels} == {"class 0", "class 1"}
    assert {label.name for label in recognize(clip, checkpoint=path, classes=["a", "b"]).labels} == {"a", "b"}
    with pytest.raises(TubeletError, match="3 class names do not fit a model of 2 classes"):
        recognize(clip, checkpoint=path, classes=["a", "b", "c"])


def test_a_network_in_memory_can_be_used(model, clip):
    assert Recognizer(model)(clip).labels[0].name in model.classes


def test_a_model_without_weights_is_refused_with_a_way_out():
    with pytest.raises(TubeletError, match="videomae_base has no weights of its own here; pass a checkpoint"):
        Recognizer("videomae_base")


def test_a_misspelt_model_is_answered_with_its_nearest_name(checkpoint):
    with pytest.raises(TubeletError, match="videomae_base"):
        Recognizer("videomae_bse", checkpoint=checkpoint)


def test_weights_without_a_trained_head_are_refused(tmp_path, checkpoint):
    from safetensors.torch import load_file, save_file

    tensors = {name: value for name, value in load_file(checkpoint).items() if not name.startswith(("head", "fc_norm"))}
    path = tmp_path / "headless.safetensors"
    save_file({f"encoder.{name}": value for name, value in tensors.items()}, path)
    with pytest.raises(CheckpointError, match="cannot recognise anything"):
        Recognizer("videomae_tiny", checkpoint=path)


def test_the_shipped_weights_are_used_when_nothing_is_said(monkeypatch, checkpoint, clip):
    asked = []
    real = recognition.create_model

    def create(name, *, checkpoint: str):
        asked.append((name, checkpoint))
        return real(None, checkpoint=weights)

    weights = checkpoint
    monkeypatch.setattr(recognition, "create_model", create)
    recognizer = Recognizer()
    assert asked == [(None, "synthetic")]
    assert recognizer.uses_shipped_weights
    assert "synthetic" in recognizer(clip).model


@pytest.mark.parametrize("wrong", [{"top": 0}, {"views": (0, 1)}, {"views": (1, 2)}, {"hop": 0.0}, {"batch_size": 0}])
def test_an_argument_that_does_not_fit_is_one_sentence(checkpoint, wrong):
    with pytest.raises(TubeletError, match="expected"):
        Recognizer(checkpoint=checkpoint, **wrong)


def test_a_file_that_is_no_video_is_a_video_error(checkpoint, tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("nothing to see")
    with pytest.raises(VideoError, match=r"notes\.mp4"):
        Recognizer(checkpoint=checkpoint)(path)
