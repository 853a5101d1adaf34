"""Mixup and CutMix against the authors' recorded batches, and what they promise beside them."""

import numpy as np
import pytest
import torch
from parity_case import ParityCase

from tubelet.datasets.mixing import CutBox, Mixing, cut_and_paste, cut_box, mixup, soft_targets

CASES = [ParityCase("videomae", "recipe_finetune"), ParityCase("videomaev2", "recipe_finetune")]


@pytest.fixture(params=CASES, ids=lambda case: case.system)
def case(request):
    return request.param


@pytest.fixture
def batch():
    clips = torch.arange(4.0)[:, None, None, None, None].expand(4, 3, 2, 8, 10).clone()
    return clips, torch.tensor([0, 1, 2, 3])


def case_clip(case):
    return torch.from_numpy(case.input("clip"))


def test_targets_and_their_loss_are_the_authors(case):
    config = case.description["config"]
    labels = torch.from_numpy(case.input("labels"))
    targets = soft_targets(labels, config["classes"], config["lambda"], config["smoothing"])
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(case.input("logits")), targets)
    assert case.relative_error("mixup_target", targets) < 1e-6
    assert case.relative_error("mixup_loss", loss[None]) < 1e-6


def test_a_mixed_clip_is_the_authors(case):
    assert case.relative_error("mixup_clip", mixup(case_clip(case), case.description["config"]["lambda"])) < 1e-6


def test_a_cut_clip_and_its_weight_are_the_authors(case):
    config = case.description["config"]
    box, weight = cut_box(16, 16, config["lambda"], tuple(config["cutmix_centre_y_x"]))
    axes = {"videomae": "rows_columns", "videomaev2": "frames_rows"}[case.system]
    assert case.relative_error("cutmix_lambda", [weight]) < 1e-6
    assert case.relative_error("cutmix_clip", cut_and_paste(case_clip(case), box, axes)) == 0


def test_the_box_is_cut_at_the_border_and_the_weight_follows():
    # side sqrt(1 - 0.75) = 0.5 of 20 x 20: half sides of 5; centred in a corner, a quarter of it remains
    box, weight = cut_box(20, 20, 0.75, (0, 0))
    assert box == CutBox(0, 5, 0, 5)
    assert weight == pytest.approx(1 - 25 / 400)


def test_cutting_takes_the_box_of_all_frames_from_the_reversed_batch(batch):
    clips, _ = batch
    cut = cut_and_paste(clips, CutBox(2, 4, 5, 9))
    inside = torch.zeros(8, 10, dtype=torch.bool)
    inside[2:4, 5:9] = True
    assert (cut[0][..., inside] == 3).all()
    assert (cut[0][..., ~inside] == 0).all()
    assert (clips[0] == 0).all()  # the batch itself is not changed


def test_the_targets_name_what_the_clips_hold(batch):
    clips, labels = batch
    for seed in range(20):
        mixed, targets = Mixing(num_classes=4, smoothing=0.0)(clips, labels, np.random.default_rng(seed))
        # the value of a clip is its class, so its mean over pixels is the mean class of its target
        expected = targets @ torch.arange(4.0)
        torch.testing.assert_close(mixed.mean(dim=(1, 2, 3, 4)), expected)


def test_both_kinds_take_turns_with_the_switch_probability(batch):
    clips, labels = batch
    generator = np.random.default_rng(0)
    whole = 0
    for _ in range(400):
        mixed, _ = Mixing(num_classes=4)(clips, labels, generator)
        whole += bool((mixed[0] == mixed[0, 0, 0, 0, 0]).all())  # mixup leaves a clip of one value, so may an empty cut
    assert 180 < whole < 250


def test_one_kind_alone_is_always_that_kind(batch):
    clips, labels = batch
    generator = np.random.default_rng(0)
    for _ in range(20):
        mixed, _ = Mixing(num_classes=4, cutmix_alpha=0.0)(clips, labels, generator)
        assert (mixed[0] == mixed[0, 0, 0, 0, 0]).all()
        cut, _ = Mixing(num_classes=4, mixup_alpha=0.0)(clips, labels, generator)
        assert ((cut[0] == 0) | (cut[0] == 3)).all()


@pytest.mark.parametrize("off", [{"probability": 0.0}, {"mixup_alpha": 0.0, "cutmix_alpha": 0.0}])
def test_a_batch_that_is_not_mixed_keeps_its_smoothed_labels(batch, off):
    clips, labels = batch
    same, targets = Mixing(num_classes=4, smoothing=0.1, **off)(clips, labels, np.random.default_rng(0))
    assert torch.equal(same, clips)
    torch.testing.assert_close(targets, torch.full((4, 4), 0.025) + 0.9 * torch.eye(4))


def test_the_same_generator_gives_the_same_batch(batch):
    first, again = (Mixing(num_classes=4)(*batch, np.random.default_rng(3)) for _ in range(2))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
