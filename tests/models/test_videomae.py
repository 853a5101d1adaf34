import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tubelet.layers.drop_path import DropPath
from tubelet.models.spec import ModelError
from tubelet.models.videomae import VideoMAE, VideoMAEConfig, interpolate_positions, sincos_positions

SHARED = Path(__file__).parents[2].parent / "shared" / "parity"
SMALL = VideoMAEConfig(
    num_frames=4, crop=32, num_classes=5, patch=(2, 8, 8), embed_dim=24, depth=2, num_heads=2, mlp_dim=40
)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return VideoMAE(SMALL).eval()


def test_features_have_the_shape_that_the_spec_promises(model):
    spec = model.spec
    clip = torch.randn(2, 3, spec.num_frames, spec.crop, spec.crop)
    (level,), (features,) = spec.levels, model.features(clip)
    t, h, w = level.stride
    assert features.shape == (2, level.channels, spec.num_frames // t, spec.crop // h, spec.crop // w)
    assert model(clip).shape == (2, spec.num_classes)


def test_features_are_the_tokens_in_the_order_time_rows_columns(model):
    clip = torch.randn(1, 3, 4, 32, 32)
    (features,) = model.features(clip)
    torch.testing.assert_close(features[0, :, 1, 2, 3], model.tokens(clip)[0, 1 * 16 + 2 * 4 + 3])


def test_logits_come_from_the_normalised_mean_of_the_tokens(model):
    clip = torch.randn(2, 3, 4, 32, 32)
    expected = model.head(model.fc_norm(model.tokens(clip).mean(1)))
    torch.testing.assert_close(model(clip), expected)


def test_inference_gives_what_training_in_eval_mode_gives(model):
    clip = torch.randn(2, 3, 4, 32, 32)
    with torch.inference_mode():
        quick = model(clip)
    torch.testing.assert_close(quick, model(clip).detach(), rtol=0, atol=0)


def test_clips_of_a_batch_do_not_see_each_other(model):
    clip = torch.randn(3, 3, 4, 32, 32)
    torch.testing.assert_close(model(clip)[1:2], model(clip[1:2]))


def test_the_patch_embedding_is_the_convolution_without_overlap(model):
    clip = torch.randn(2, 3, 4, 32, 32)
    expected = model.patch_embed.proj(clip).flatten(2).transpose(1, 2)
    torch.testing.assert_close(model.patch_embed(clip), expected, rtol=1e-4, atol=1e-5)


def test_attention_is_softmax_of_scaled_products_with_biases_on_queries_and_values():
    attention = VideoMAE(SMALL).blocks[0].attn
    torch.nn.init.normal_(attention.q_bias)
    torch.nn.init.normal_(attention.v_bias)
    x = torch.randn(1, 6, 24)
    qkv = x @ attention.qkv.weight.T + torch.cat((attention.q_bias, torch.zeros(24), attention.v_bias))
    q, k, v = qkv.reshape(6, 3, 2, 12).permute(1, 2, 0, 3)
    heads = ((q * 12**-0.5) @ k.transpose(1, 2)).softmax(-1) @ v
    torch.testing.assert_close(attention(x), attention.proj(heads.transpose(0, 1).reshape(1, 6, 24)))


def test_cosine_attention_is_softmax_of_cosines_times_a_temperature_of_at_most_100():
    attention = VideoMAE(replace(SMALL, cosine_attention=True)).blocks[0].attn
    assert attention.scale.shape == (2, 1, 1)
    with torch.no_grad():
        attention.scale.copy_(torch.tensor([1.5, 9.0])[:, None, None])
    x = torch.randn(1, 6, 24)
    q, k, v = (x @ attention.qkv.weight.T).reshape(6, 3, 2, 12).permute(1, 2, 0, 3)
    cosines = torch.nn.functional.cosine_similarity(q[:, :, None], k[:, None], dim=-1)
    heads = (cosines * torch.tensor([1.5, 4.605170]).exp()[:, None, None]).softmax(-1) @ v
    expected = attention.proj(heads.transpose(0, 1).reshape(1, 6, 24))
    torch.testing.assert_close(attention(x), expected, rtol=1e-4, atol=1e-5)


def test_positions_are_sines_and_cosines_of_the_flattened_index():
    table = sincos_positions(100, 8)
    assert table[7, 4] == pytest.approx(np.sin(7 / 10000 ** (4 / 8)))
    assert table[7, 5] == pytest.approx(np.cos(7 / 10000 ** (4 / 8)))


def test_another_size_at_building_recomputes_the_positions():
    built = VideoMAE(replace(SMALL, num_frames=8, crop=16))
    assert torch.equal(built.positions, sincos_positions(4 * 2 * 2, 24))


def test_positions_of_frames_of_another_size_are_those_of_the_authors_detector():
    case = SHARED / "videomae_ava" / "forward_vit_s.json"
    if not case.exists():
        pytest.skip("the case lies in ../shared/parity/videomae_ava, which is not here")
    import sys

    sys.path.insert(0, str(Path(__file__).parents[1] / "parity"))
    import fill

    said = json.loads(case.read_text())
    keys = {name: key for name, key in said["keys"].items() if name.startswith("patch_embed.")}
    model = VideoMAE(VideoMAEConfig(embed_dim=384, depth=1, num_heads=6, mlp_dim=1536))
    weights = {name: torch.from_numpy(value) for name, value in fill.checkpoint(keys).items()}
    model.patch_embed.load_state_dict({name.removeprefix("patch_embed."): value for name, value in weights.items()})
    clip = torch.from_numpy(fill.tensor("input:video", tuple(said["inputs"]["video"]["shape"]), "input"))
    seen = []
    model.blocks[0].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        model.tokens(clip)
    theirs = np.load(case.with_suffix(".npz"))["out:tokens"]
    ours = seen[0].numpy().ravel()[:: said["outputs"]["tokens"]["stride"]]
    assert np.abs(ours - theirs).max() / np.abs(theirs).max() < said["tolerance"]


def test_positions_of_the_same_size_are_not_touched():
    table = sincos_positions(2 * 4 * 4, 24)
    assert interpolate_positions(table, (2, 4, 4), (2, 4, 4)) is table


def test_interpolation_keeps_the_time_slices_apart():
    table = torch.arange(2.0).repeat_interleave(16)[:, None].expand(-1, 3).contiguous()
    resized = interpolate_positions(table, (2, 4, 4), (2, 6, 5)).reshape(2, 30, 3)
    torch.testing.assert_close(resized, torch.arange(2.0)[:, None, None].expand(2, 30, 3))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"crop": 30}, r"clip of \(4, 30, 30\) .* cannot be cut into patches of \(2, 8, 8\)"),
        ({"num_frames": 3}, "cannot be cut into patches"),
        ({"num_heads": 5}, "width of 24 cannot be shared by 5 heads"),
    ],
)
def test_a_config_that_cannot_be_built_is_one_clear_error(wrong, message):
    with pytest.raises(ModelError, match=message):
        VideoMAE(replace(SMALL, **wrong))


@pytest.mark.parametrize("shape", [(1, 3, 6, 32, 32), (1, 1, 4, 32, 32), (1, 3, 4, 30, 32), (3, 4, 32, 32)])
def test_a_clip_of_another_shape_is_one_clear_error(model, shape):
    with pytest.raises(ModelError, match=r"expected \(N, 3, 4, H, W\) with H and W multiples of 8"):
        model(torch.zeros(shape))


def test_stochastic_depth_keeps_the_mean_and_rises_with_the_depth():
    torch.manual_seed(0)
    dropped = DropPath(0.25).train()(torch.ones(20000, 1, 1))
    assert dropped.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert dropped.mean() == pytest.approx(1.0, abs=0.02)
    assert torch.equal(DropPath(0.25).eval()(torch.ones(8)), torch.ones(8))
    blocks = VideoMAE(replace(SMALL, depth=3, drop_path_rate=0.2)).blocks
    assert [block.drop_path.rate for block in blocks] == pytest.approx([0.0, 0.1, 0.2])


def test_a_fresh_network_starts_as_the_authors_do(model):
    assert model.blocks[0].mlp.fc1.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert model.head.weight.std().item() == pytest.approx(0.02 * 0.001, rel=0.3)
    assert not model.blocks[0].attn.q_bias.any()


def test_the_network_can_be_exported(model):
    clip = torch.randn(2, 3, 4, 32, 32)
    with torch.no_grad():
        exported = torch.export.export(model, (clip,), dynamic_shapes=({0: torch.export.Dim.AUTO},))
    torch.testing.assert_close(exported.module()(clip[:1]), model(clip[:1]))
