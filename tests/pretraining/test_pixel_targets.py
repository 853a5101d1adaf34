import torch

from tubelet.models.spec import IMAGENET_MEAN, IMAGENET_STD
from tubelet.pretraining.pixels import pixel_target, reconstruction, squared_error, tubelets

PATCH = (2, 4, 4)


def a_clip(seed=0):
    return torch.randn(2, 3, 4, 8, 12, generator=torch.Generator().manual_seed(seed))


def every_token(clip):
    return torch.arange(2 * 2 * 3).expand(len(clip), -1)


def test_tubelets_are_cut_in_the_order_time_row_column():
    clip = a_clip()
    cut = tubelets(clip, PATCH, torch.tensor([[0, 4], [11, 6]]))
    assert torch.equal(cut[0, 0], clip[0, :, 0:2, 0:4, 0:4])
    assert torch.equal(cut[0, 1], clip[0, :, 0:2, 4:8, 4:8])  # row 1, column 1
    assert torch.equal(cut[1, 0], clip[1, :, 2:4, 4:8, 8:12])
    assert torch.equal(cut[1, 1], clip[1, :, 2:4, 0:4, 0:4])


def test_the_target_of_some_tokens_is_the_full_one_restricted():
    clip, some = a_clip(), torch.tensor([[1, 5, 7], [0, 2, 11]])
    whole = pixel_target(clip, PATCH, every_token(clip))
    assert torch.equal(pixel_target(clip, PATCH, some), whole.gather(1, some[..., None].expand(-1, -1, whole.shape[2])))


def test_a_target_has_mean_zero_and_unbiased_deviation_one_in_every_channel():
    target = pixel_target(a_clip(), PATCH, every_token(a_clip())).unflatten(2, (-1, 3))
    assert target.mean(dim=2).abs().max() < 1e-5
    assert (target.std(dim=2) - 1).abs().max() < 1e-4


def test_raw_targets_are_pixels_from_0_to_1_with_the_channel_fastest():
    clip = a_clip()
    target = pixel_target(clip, PATCH, every_token(clip), normalise=False)
    pixel = clip[0, :, 0, 0, 1] * torch.tensor(IMAGENET_STD) + torch.tensor(IMAGENET_MEAN)
    assert torch.allclose(target[0, 0, 3:6], pixel)  # frame 0, row 0, column 1


def test_the_loss_leaves_out_what_does_not_count():
    prediction, target = torch.zeros(1, 2, 4), torch.tensor([[[1.0] * 4, [3.0] * 4]])
    assert squared_error(prediction, target, None) == 5.0
    assert squared_error(prediction, target, torch.tensor([[True, False]])) == 1.0


def test_a_perfect_prediction_gives_the_original_back():
    clip = a_clip().clamp(-1, 1)
    visible, predicted = torch.tensor([[0, 3], [1, 2]]), torch.tensor([[1, 2, *range(4, 12)], [0, *range(3, 12)]])
    for normalised in (True, False):
        prediction = pixel_target(clip, PATCH, predicted, normalised)
        shown = reconstruction(clip, prediction, PATCH, visible, predicted, normalised)
        assert (shown.completed.int() - shown.original.int()).abs().max() <= 1
    grey = (shown.masked == 128).all(dim=-1)
    assert grey[0, :2, :4, 4:8].all()  # token 1 is hidden, token 0 is not
    assert torch.equal(shown.masked[0, :2, :4, :4], shown.original[0, :2, :4, :4])
    assert shown.side_by_side().shape == (2, 4, 8, 36, 3)


def test_a_greater_epsilon_leaves_faint_noise_faint_and_the_way_back_is_the_same() -> None:
    noise = 0.005 * torch.randn(1, 3, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    every = torch.arange(4)[None]
    as_published = pixel_target(noise, (4, 4, 4), every)
    faint = pixel_target(noise, (4, 4, 4), every, epsilon=0.05)
    assert 0.9 < as_published.square().mean() < 1.0
    assert faint.square().mean() < 0.01  # (0.005 * 0.22 / 0.05)^2 and less
    nothing = torch.empty(1, 0, dtype=torch.long)
    back = reconstruction(noise, faint, (4, 4, 4), nothing, every, epsilon=0.05)
    assert (back.completed == back.original).all()
