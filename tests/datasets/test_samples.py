"""Samples become batches: views flattened, broken videos kept apart."""

import torch

from tubelet.datasets.samples import BrokenSample, Sample, SampleKey, collate


def _sample(views: int, label: int, index: int) -> Sample:
    return Sample(torch.full((views, 3, 2, 4, 4), float(index)), label, index)


def test_views_become_rows_that_share_label_and_index() -> None:
    batch = collate([_sample(2, 7, 10), _sample(1, 3, 11)])
    assert batch.clips.shape == (3, 3, 2, 4, 4)
    assert batch.clips[:, 0, 0, 0, 0].tolist() == [10, 10, 11]
    assert batch.labels.tolist() == [7, 7, 3]
    assert batch.indices.tolist() == [10, 10, 11]
    assert batch.broken == ()
    assert len(batch) == 3


def test_broken_samples_are_kept_apart() -> None:
    broken = BrokenSample(4, "a.mp4", "has no video stream.")
    batch = collate([broken, _sample(1, 3, 11)])
    assert batch.broken == (broken,)
    assert batch.indices.tolist() == [11]


def test_a_batch_of_broken_samples_alone_is_empty() -> None:
    batch = collate([BrokenSample(4, "a.mp4", "has no video stream.")])
    assert len(batch) == 0
    assert batch.labels.shape == (0,)
    assert batch.labels.dtype == torch.int64


def test_a_plain_index_stands_for_epoch_zero() -> None:
    assert SampleKey.of(5) == SampleKey(epoch=0, index=5)
    assert SampleKey.of(SampleKey(2, 5)) == (2, 5)
