from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tubelet.datasets.multiscale_crop import multiscale_crop
from tubelet.datasets.samples import BrokenSample, Sample, SampleKey, collate
from tubelet.datasets.unlabelled import NO_LABEL, UnlabelledVideos
from tubelet.datasets.video_sources import VideoSource
from tubelet.video import VideoReader
from tubelet.video.crops import multiscale_crop_train


def dataset(path: Path, **changes) -> UnlabelledVideos:
    arguments = {"num_frames": 8, "frame_stride": 2, "crop": 48, "repeats": 3, "seed": 5, **changes}
    return UnlabelledVideos([VideoSource(str(path))], **arguments)


def test_a_video_is_opened_once_for_all_its_crops(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, read = [], VideoReader.frames
    monkeypatch.setattr(VideoReader, "frames", lambda self, numbers: opened.append(1) or read(self, numbers))
    sample = dataset(clip)[0]
    assert sample.clip.shape == (3, 3, 8, 48, 48)
    assert sample.label == NO_LABEL
    assert len(opened) == 1
    assert not torch.equal(sample.clip[0], sample.clip[1])


def test_a_sample_depends_on_seed_epoch_and_index_alone(clip: Path) -> None:
    videos = dataset(clip)
    again = videos[SampleKey(2, 0)].clip
    assert torch.equal(again, dataset(clip)[SampleKey(2, 0)].clip)
    assert not torch.equal(again, videos[SampleKey(3, 0)].clip)


def test_the_bytes_of_a_video_give_the_same_clip_as_its_file(clip: Path) -> None:
    whole = UnlabelledVideos([VideoSource(f"file://{clip}")], num_frames=8, frame_stride=2, crop=48, repeats=3, seed=5)
    assert torch.equal(whole[0].clip, dataset(clip)[0].clip)


def test_a_video_that_does_not_open_is_set_apart(tmp_path: Path, clip: Path) -> None:
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(b"no video")
    sources = [VideoSource(str(damaged)), VideoSource(str(clip)), VideoSource(f"file://{tmp_path}/none.mp4")]
    videos = UnlabelledVideos(sources, num_frames=4, crop=32)
    batch = collate([videos[i] for i in range(3)])
    assert len(batch) == 1
    assert [sample.index for sample in batch.broken] == [0, 2]
    assert isinstance(videos[0], BrokenSample)
    assert isinstance(videos[1], Sample)


def test_a_crop_is_one_box_of_all_frames_scaled_by_pillow() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 60, 80, 3), dtype=np.uint8)
    clip = multiscale_crop(frames, 32, np.random.default_rng(3), mean=(0.0,) * 3, std=(1.0,) * 3)
    x, y, width, height = multiscale_crop_train(80, 60, np.random.default_rng(3), 32)
    expected = np.array(Image.fromarray(frames[1, y : y + height, x : x + width]).resize((32, 32), Image.BILINEAR))
    assert torch.allclose(clip[:, 1].permute(1, 2, 0) * 255, torch.from_numpy(expected).float(), atol=1e-3)
