import pytest
import torch

from tubelet.checkpoints import (
    CheckpointError,
    CheckpointWarning,
    create_model,
    create_pretraining_model,
    list_pretraining_models,
    load_model,
    save_checkpoint,
)
from tubelet.models.spec import ModelError

ENCODER = {"crop": 24, "patch": (8, 6, 6), "embed_dim": 32, "depth": 2, "num_heads": 4, "mlp_dim": 64}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return create_pretraining_model("videomae_pretraining_tiny", **ENCODER)


@pytest.fixture
def saved(network, tmp_path):
    path = tmp_path / "pretrained.safetensors"
    save_checkpoint(path, network, name="videomae_pretraining_tiny")
    return path


def test_a_saved_network_comes_back_with_its_config(saved, network):
    read = create_pretraining_model(checkpoint=saved, mask_ratio=0.5)
    assert read.config.mask_ratio == 0.5
    assert read.config.embed_dim == 32
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in read.state_dict().items())


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"model": s}, lambda s: {"module": s}])
@pytest.mark.parametrize("prefix", ["", "_orig_mod."])
def test_a_recogniser_takes_the_encoder_and_nothing_else(network, wrap, prefix):
    state = {f"{prefix}{name}": value for name, value in network.state_dict().items()}
    with pytest.warns(CheckpointWarning, match="fc_norm and head start fresh"):
        model = create_model("videomae_tiny", checkpoint=wrap(state), num_classes=3, **ENCODER)
    taken = network.encoder.state_dict()
    assert all(torch.equal(value, taken[f"blocks.{key}"]) for key, value in model.blocks.state_dict().items())
    assert torch.equal(model.patch_embed.proj.weight, taken["patch_embed.proj.weight"])
    # encoder.norm is not taken for fc_norm: it starts fresh, as the authors' loader leaves it
    assert torch.equal(model.fc_norm.weight, torch.ones(32))


def test_a_recogniser_is_as_wide_as_the_encoder_in_our_own_file_and_minds_the_heads(saved, network):
    with pytest.warns(CheckpointWarning, match="is a pre-training checkpoint"):
        model = create_model("videomae_tiny", checkpoint=saved, crop=ENCODER["crop"])
    assert model.config.patch == network.config.patch
    assert torch.equal(model.blocks[0].mlp.fc1.weight, network.encoder.blocks[0].mlp.fc1.weight)
    with pytest.raises(CheckpointError, match="does not fit videomae_base"):
        create_model("videomae_base", checkpoint=saved)
    with pytest.raises(CheckpointError, match="it says num_heads=4, the model has 2"), pytest.warns(CheckpointWarning):
        create_model("videomae_tiny", checkpoint=saved, **{**ENCODER, "num_heads": 2})


def test_without_a_name_the_error_says_which_model_takes_it(saved):
    with pytest.raises(CheckpointError, match=r"name the model that takes its encoder, such as videomae_tiny\."):
        load_model(saved)


def test_a_released_file_says_which_network_it_is():
    with torch.device("meta"):
        state = create_pretraining_model("videomaev2_pretraining_giant").state_dict()
        assert create_pretraining_model(checkpoint=state).config.decoder_mlp_dim == 2234


def test_a_recogniser_has_no_decoder_to_reconstruct_with(checkpoint):
    with pytest.raises(CheckpointError, match="holds videomae_tiny, which has no decoder to reconstruct with"):
        create_pretraining_model(checkpoint=checkpoint)


def test_a_misfit_lists_the_tensors(network):
    state = network.state_dict()
    del state["mask_token"]
    with pytest.raises(CheckpointError, match="missing: mask_token"):
        create_pretraining_model("videomae_pretraining_tiny", checkpoint=state, **ENCODER)


def test_wrong_names_are_answered_with_the_nearest():
    with pytest.raises(ModelError, match="did you mean videomae_pretraining_base"):
        create_pretraining_model("videomae_pretraining_bsae")
    with pytest.raises(ModelError, match="did you mean mask_ratio"):
        create_pretraining_model("videomae_pretraining_tiny", mask_ration=0.5)
    assert "videomaev2_pretraining_giant" in list_pretraining_models("*_giant")


HUGGING_FACE = (  # ours, transformers' VideoMAEForPreTraining
    ("encoder.blocks.", "videomae.encoder.layer."),
    ("decoder.blocks.", "decoder.decoder_layers."),
    ("encoder.patch_embed.proj.", "videomae.embeddings.patch_embeddings.projection."),
    ("encoder.norm.", "videomae.layernorm."),
    (".norm1.", ".layernorm_before."),
    (".norm2.", ".layernorm_after."),
    (".attn.proj.", ".attention.output.dense."),
    (".attn.", ".attention.attention."),
    (".mlp.fc1.", ".intermediate.dense."),
    (".mlp.fc2.", ".output.dense."),
)


def test_the_hugging_face_layout_is_the_authors_under_other_names(network):
    theirs = {}
    for name, value in network.state_dict().items():
        for ours, other in HUGGING_FACE:
            name = name.replace(ours, other)
        parts = zip(("query", "key", "value"), value.chunk(3), strict=True) if ".qkv." in name else [("qkv", value)]
        theirs |= {name.replace("qkv", which): part for which, part in parts}
    read = create_pretraining_model("videomae_pretraining_tiny", checkpoint=theirs, **ENCODER)
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in read.state_dict().items())
