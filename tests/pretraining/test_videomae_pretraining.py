from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tubelet.models.spec import ModelError
from tubelet.models.videomae import VideoMAE, VideoMAEConfig
from tubelet.pretraining.masking import MaskError
from tubelet.pretraining.objective import Masks
from tubelet.pretraining.videomae import VARIANTS, VideoMAEPretraining, VideoMAEPretrainingConfig

SMALL = VideoMAEPretrainingConfig(
    num_frames=8, crop=32, patch=(2, 8, 8), embed_dim=24, depth=2, num_heads=2, mlp_dim=48,
    decoder_dim=16, decoder_depth=1, decoder_num_heads=2, decoder_mlp_dim=32, mask_ratio=0.75,
)  # fmt: skip


def network(**changes):
    torch.manual_seed(0)
    return VideoMAEPretraining(replace(SMALL, **changes))


def a_clip(batch=2):
    return torch.randn(batch, 3, 8, 32, 32, generator=torch.Generator().manual_seed(1))


def draw(model, batch=2):
    return model.masks(batch, torch.Generator().manual_seed(2))


@pytest.mark.parametrize("mask", ["tube", "random", "frame", "cube"])
def test_the_first_block_computes_visible_tokens_only(mask):
    model, rows = network(mask=mask), []
    model.encoder.blocks[0].register_forward_pre_hook(lambda module, inputs: rows.append(inputs[0].shape))
    model(a_clip(), draw(model))
    assert rows == [(2, 16, 24)]  # a quarter of 4 * 4 * 4 tokens


def test_what_is_hidden_does_not_reach_the_prediction():
    model = network().eval()
    clip, masks = a_clip(), draw(model)
    other = clip + 100.0
    visible = torch.zeros(2, 64, dtype=torch.bool).scatter_(1, masks.visible, True)
    pixels = visible.view(2, 1, 4, 4, 4).repeat_interleave(2, 2).repeat_interleave(8, 3).repeat_interleave(8, 4)
    assert torch.equal(model(clip, masks), model(torch.where(pixels, clip, other), masks))


def test_the_encoder_with_nothing_hidden_is_the_classifiers():
    model = network()
    shared = ("num_frames", "crop", "patch", "embed_dim", "depth", "num_heads", "mlp_dim")
    classifier = VideoMAE(VideoMAEConfig(num_classes=2, **{name: getattr(SMALL, name) for name in shared}))
    classifier.load_state_dict(model.encoder.state_dict(), strict=False)
    tokens = model.encoder.norm(classifier.tokens(a_clip()))
    every = torch.arange(64).expand(2, -1)
    assert torch.allclose(model.encoder(a_clip(), every), tokens, atol=1e-5)


def test_a_decoder_mask_halves_what_is_predicted_and_counts_only_what_was_hidden():
    model = network(decoder_mask_ratio=0.5)
    masks = draw(model)
    assert masks.predicted.shape == (2, 32)
    assert model(a_clip(), masks).shape == (2, 32, 3 * 2 * 8 * 8)
    seen = (masks.predicted[..., None] == masks.visible[:, None]).any(dim=-1)
    assert torch.equal(masks.counted, ~seen)


def test_predictions_that_do_not_count_have_no_gradient():
    model = network(decoder_mask_ratio=0.5)
    clip, masks = a_clip(), draw(model)
    prediction = model(clip, masks).detach().requires_grad_()
    model.loss(prediction, model.target(clip, masks), masks).backward()
    assert torch.equal(prediction.grad.abs().sum(dim=2) > 0, masks.counted)


def test_without_a_decoder_mask_every_hidden_token_is_predicted_and_counts():
    masks = draw(network())
    both = torch.cat((masks.visible, masks.predicted), dim=1).sort(dim=1).values
    assert torch.equal(both, torch.arange(64).expand(2, -1))
    assert masks.counted is None


@given(st.integers(1, 4), st.integers(1, 30), st.integers(0, 30), st.integers(0, 9))
def test_masks_list_their_tokens_in_ascending_order(batch, tokens, hidden, seed):
    noise = torch.rand(batch, tokens, generator=torch.Generator().manual_seed(seed))
    mask = noise.argsort(dim=1).argsort(dim=1) < min(hidden, tokens)
    masks = Masks.of(mask)
    for indices, wanted in ((masks.visible, ~mask), (masks.predicted, mask)):
        assert [row.tolist() for row in indices] == [row.nonzero().flatten().tolist() for row in wanted]


def test_samples_that_hide_different_numbers_of_tokens_are_refused():
    with pytest.raises(MaskError, match=r"have \[1, 2\] tokens each; expected the same in all"):
        Masks.of(torch.tensor([[True, True, False], [True, False, False]]))


def test_a_few_steps_lower_the_loss():
    model = network(normalise_target=False)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    clip, losses = a_clip().cumsum(dim=4) * 0.1, []
    for _ in range(20):
        masks = draw(model)
        loss = model.loss(model(clip, masks), model.target(clip, masks), masks)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_a_new_network_is_initialised_as_the_authors_do():
    model = network()
    weight = model.encoder.blocks[0].attn.qkv.weight
    assert weight.abs().max() <= (6 / sum(weight.shape)) ** 0.5  # Xavier-uniform over the fused matrix
    assert model.mask_token.abs().max() <= 0.02
    assert not model.decoder.head.bias.any()


def test_another_size_of_clip_is_refused():
    model = network()
    with pytest.raises(ModelError, match=r"got a clip of shape \(2, 3, 8, 32, 40\); expected \(N, 3, 8, 32, 32\)"):
        model(torch.zeros(2, 3, 8, 32, 40), draw(model))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"crop": 30}, "cannot be cut into patches"),
        ({"decoder_num_heads": 3}, "a width of 16 cannot be shared by 3 heads"),
        ({"mask": "tubes"}, "there is no mask 'tubes'; expected one of tube, random, frame, cube"),
    ],
)
def test_a_network_that_cannot_be_built_is_refused(changes, sentence):
    with pytest.raises(ModelError, match=sentence):
        network(**changes)


@pytest.mark.parametrize(
    ("name", "millions"),
    [  # the structure cases of the released files
        ("videomae_pretraining_small", 24.029376),
        ("videomae_pretraining_base", 94.210944),
        ("videomae_pretraining_large", 342.996992),
        ("videomaev2_pretraining_giant", 1026.306560),
    ],
)
def test_released_sizes_count_their_parameters(name, millions):
    with torch.device("meta"):
        model = VideoMAEPretraining(VARIANTS[name])
    assert sum(parameter.numel() for parameter in model.parameters()) == round(millions * 1e6)


def test_a_structured_encoder_has_the_classifiers_filters():
    model = network(positions="separable", initialisation="structured", embed_dim=64)
    shared = ("num_frames", "crop", "patch", "embed_dim", "depth", "num_heads", "mlp_dim", "positions")
    config = VideoMAEConfig(initialisation="structured", **{name: getattr(model.config, name) for name in shared})
    assert (model.encoder.patch_embed.proj.weight == VideoMAE(config).patch_embed.proj.weight).all()


def test_a_structured_decoder_starts_from_the_mean_and_leaves_the_encoder_as_it_is():
    torch.manual_seed(0)
    plain = network(positions="separable").encoder.state_dict()
    torch.manual_seed(0)
    model = network(positions="separable", decoder_initialisation="structured")
    clip = torch.randn(2, 3, SMALL.num_frames, SMALL.crop, SMALL.crop)
    masks = model.masks(2, torch.Generator().manual_seed(0))
    assert (model(clip, masks) == 0).all()  # the mean of a normalised target
    assert all((value == plain[name]).all() for name, value in model.encoder.state_dict().items())


@pytest.mark.parametrize("part", ["initialisation", "decoder_initialisation"])
def test_structure_asks_for_positions_that_it_can_read(part):
    with pytest.raises(ModelError, match="reads separable positions; the config has flattened ones"):
        network(**{part: "structured"})


def test_a_mask_that_hides_nothing_is_an_error():
    model = VideoMAEPretraining(VideoMAEPretrainingConfig(crop=32, embed_dim=24, num_heads=2, depth=1, mask_ratio=0.0))
    with pytest.raises(MaskError, match=r"a mask ratio of 0\.0 hides none of the 32 tokens"):
        model.masks(1)
