"""Samples of labelled videos: what is decoded, what is drawn, and what a broken video does."""

from typing import ClassVar

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from tubelet.annotations import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.class_folders import read_class_folders
from tubelet.datasets import recognition
from tubelet.datasets.clip_sampling import DenseSampling, SegmentSampling
from tubelet.datasets.recognition import RecognitionDataset
from tubelet.datasets.samples import BrokenSample, SampleKey, collate
from tubelet.datasets.transforms import EvaluationTransform, TrainTransform
from tubelet.errors import TubeletError
from tubelet.video import VideoError, VideoWriter

PLAIN = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
BRIGHTNESS = 5  # grey levels from one frame of a test video to the next


def grey_ramp(num_frames):
    """Frames of one grey each that grows with time, the right half black."""
    frames = np.zeros((num_frames, 32, 48, 3), np.uint8)
    frames[:, :, :24] = (np.arange(num_frames) * BRIGHTNESS)[:, None, None, None]
    return frames


class FakeReader:
    """A video in memory, which remembers what was decoded."""

    decoded: ClassVar[list] = []

    def __init__(self, source, *, short_side=None):
        if "broken" in source:
            raise VideoError(f"{source} is not a video.")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def __len__(self):
        return 40

    def frames(self, indices):
        self.decoded.append(list(indices))
        return grey_ramp(40)[indices]


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(recognition, "VideoReader", FakeReader)
    monkeypatch.setattr(FakeReader, "decoded", [])
    return FakeReader


def labelled(*names, classes=("jump left", "jump right", "stand")):
    return VideoSet(tuple(Video(f"{i}.mp4", labels=(Label(name),)) for i, name in enumerate(names)), classes)


def training_set(videos, **options):
    options = {"sampling": DenseSampling("train", 4, 2), "transform": TrainTransform(16), **options}
    return RecognitionDataset(videos, **options)


def evaluation_set(videos, **options):
    sampling = DenseSampling("test", num_frames=8, frame_stride=2, num_clips=3)
    return RecognitionDataset(videos, sampling=sampling, transform=EvaluationTransform(32, 3, **PLAIN), **options)


def test_files_become_views_with_their_class(tmp_path):
    for name in ("run", "walk"):
        (tmp_path / name).mkdir()
        with VideoWriter(tmp_path / name / "clip.mp4", frame_rate=25) as writer:
            writer.write_frames(grey_ramp(40))
    dataset = evaluation_set(read_class_folders(tmp_path), root=tmp_path)
    assert dataset.classes == ("run", "walk")
    sample = dataset[1]
    assert (sample.label, sample.index, len(dataset)) == (1, 1, 2)
    assert sample.clip.shape == (9, 3, 8, 32, 32)  # 3 clips x 3 crops
    # clips start at frames 0, 12 and 24 of 40, every second frame, and the left crop begins in the grey half
    greys = sample.clip[::3, 0, :, 16, 4] * 255 / BRIGHTNESS
    np.testing.assert_allclose(greys, np.array([[0], [12], [24]]) + 2 * np.arange(8), atol=0.5)


def test_a_file_that_is_no_video_becomes_a_broken_sample_and_the_batch_goes_on(tmp_path):
    with VideoWriter(tmp_path / "0.mp4", frame_rate=25) as writer:
        writer.write_frames(grey_ramp(20))
    (tmp_path / "1.mp4").write_bytes(b"not a video")
    dataset = training_set(labelled("stand", "stand", "stand"), root=tmp_path)
    batch = collate([dataset[i] for i in range(3)])  # 2.mp4 does not exist
    assert batch.indices.tolist() == [0]
    assert [broken.index for broken in batch.broken] == [1, 2]
    assert [broken.path for broken in batch.broken] == [str(tmp_path / "1.mp4"), str(tmp_path / "2.mp4")]
    assert all(broken.path in broken.reason for broken in batch.broken)


def test_frames_that_views_share_are_decoded_once(fake):
    evaluation_set(labelled("stand"))[0]
    assert fake.decoded == [list(range(0, 40, 2))]


def test_repeats_share_the_decoded_frames_and_differ_in_their_augmentation(fake):
    sample = training_set(labelled("stand"), repeats=3)[0]
    assert sample.clip.shape == (3, 3, 4, 16, 16)
    assert len(fake.decoded) == 1
    assert not torch.equal(sample.clip[0], sample.clip[1])


def test_a_sample_follows_from_seed_epoch_and_index_alone(fake):
    videos = labelled("stand", "stand")
    dataset = training_set(videos, seed=3)
    first = dataset[SampleKey(2, 1)].clip
    torch.randn(5)
    np.random.default_rng().random()
    assert torch.equal(first, training_set(videos, seed=3)[SampleKey(2, 1)].clip)
    others = [dataset[SampleKey(1, 1)], dataset[SampleKey(2, 0)], training_set(videos, seed=4)[SampleKey(2, 1)]]
    assert not any(torch.equal(first, other.clip) for other in others)
    assert torch.equal(dataset[1].clip, dataset[SampleKey(0, 1)].clip)


def test_workers_give_the_same_samples_as_the_main_process(fake):
    dataset = training_set(labelled("stand", "jump left", "stand", "jump right"))
    loaders = [DataLoader(dataset, batch_size=2, num_workers=n, collate_fn=collate) for n in (0, 2)]
    for one, other in zip(*loaders, strict=True):
        assert torch.equal(one.clips, other.clips)
        assert torch.equal(one.labels, other.labels)


def test_mirroring_changes_the_label_with_the_frames(fake):
    classes = {"jump left": "jump right", "jump right": "jump left"}
    transform = TrainTransform(16, None, area=(1, 1), flip_probability=0, erasing_probability=0)
    videos = labelled("jump left", "jump right", "stand")
    dataset = training_set(videos, transform=transform, mirrored=classes, repeats=2)
    flipped = {0: 0, 1: 0, 2: 0}
    for epoch in range(40):
        for index in range(3):
            sample = dataset[SampleKey(epoch, index)]
            mirrored = bool(sample.clip[..., -1].mean() > sample.clip[..., 0].mean())  # the grey half is on the right
            flipped[index] += mirrored
            assert sample.label == (1 - index if mirrored else index)
    assert 10 < flipped[0] < 30
    assert 10 < flipped[1] < 30
    assert flipped[2] == 0  # a class without a mirror image is never flipped


def test_a_transform_that_flips_is_refused_beside_mirrored_classes():
    with pytest.raises(TubeletError, match="expected flip_probability=0"):
        training_set(labelled("stand"), mirrored={"stand": "stand"})


def test_segments_serve_as_sampling(fake):
    sample = training_set(labelled("stand"), sampling=SegmentSampling("test", 8, 2), transform=EvaluationTransform(16))[
        0
    ]
    assert sample.clip.shape == (2, 3, 8, 16, 16)


@pytest.mark.parametrize("labels", [(), (Label("stand"), Label("jump left"))])
def test_a_video_needs_exactly_one_label(labels):
    with pytest.raises(AnnotationError, match=rf"a\.mp4 has {len(labels)} labels; expected exactly one"):
        training_set(VideoSet((Video("a.mp4", labels=labels),), ("stand", "jump left")))


def test_a_label_must_be_among_the_classes():
    with pytest.raises(AnnotationError, match="'swim'"):
        training_set(labelled("swim"))


def test_indices_and_repeats_have_their_limits(fake):
    with pytest.raises(TubeletError, match="repeats is 0"):
        training_set(labelled("stand"), repeats=0)
    with pytest.raises(IndexError):
        training_set(labelled("stand"))[1]


def test_a_broken_sample_says_which_and_why(fake):
    videos = VideoSet((Video("broken.mp4", labels=(Label("run"),)),), ("run",))
    assert training_set(videos)[0] == BrokenSample(0, "broken.mp4", "broken.mp4 is not a video.")


def test_frames_can_be_decoded_smaller(tmp_path):
    with VideoWriter(tmp_path / "0.mp4", frame_rate=25) as writer:
        writer.write_frames(grey_ramp(20))
    seen = []

    def transform(frames, clips, generator):
        seen.append(frames.shape)
        return torch.zeros(1, 3, 4, 16, 16)

    training_set(labelled("stand"), root=tmp_path, transform=transform, short_side=16)[0]
    assert seen[0][1:] == (16, 24, 3)
