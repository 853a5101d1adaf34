import pytest
import torch

from tubelet.checkpoints import CheckpointError, CheckpointWarning, create_model, load_model
from tubelet.checkpoints.videomae import kinetics_rows

SIZE = {
    "num_frames": 4,
    "crop": 32,
    "embed_dim": 24,
    "depth": 2,
    "num_heads": 2,
    "mlp_dim": 40,
}


@pytest.fixture
def model():
    """A small network whose every number differs."""
    torch.manual_seed(0)
    model = create_model("videomae_base", num_classes=5, **SIZE).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.3)
    return model


def clip():
    return torch.randn(2, 3, 4, 32, 32, generator=torch.Generator().manual_seed(1))


def logits(model):
    with torch.inference_mode():
        return model.eval()(clip())


def as_pretraining_file(state):
    """The authors' pre-training layout: the encoder with a prefix, a norm of its own, and the decoder's parts."""
    file = {f"encoder.{name}": value for name, value in state.items() if not name.startswith(("fc_norm", "head"))}
    file |= {"encoder.norm.weight": torch.zeros(24), "encoder.norm.bias": torch.zeros(24)}
    file |= {"mask_token": torch.zeros(1, 1, 12), "encoder_to_decoder.weight": torch.zeros(12, 24)}
    return file | {"decoder.norm.weight": torch.zeros(12), "decoder.head.bias": torch.zeros(1536)}


def as_hugging_face(state, version=4):
    """The layout of transformers: queries, keys and values apart, other names."""
    file = {}
    for name, value in state.items():
        name = name.replace("patch_embed.proj", "videomae.embeddings.patch_embeddings.projection")
        name = name.replace("blocks.", "videomae.encoder.layer.").replace("head.", "classifier.")
        name = name.replace(".norm1.", ".layernorm_before.").replace(".norm2.", ".layernorm_after.")
        name = name.replace("mlp.fc1", "intermediate.dense").replace("mlp.fc2", "output.dense")
        name = name.replace("attn.proj", "attention.output.dense").replace(".attn.", ".attention.attention.")
        if version == 5:
            name = name.replace(".q_bias", ".query.bias").replace(".v_bias", ".value.bias")
        if name.endswith("qkv.weight"):
            for part, weight in zip(("query", "key", "value"), value.chunk(3), strict=True):
                file[name.replace("qkv", part)] = weight.clone()
        else:
            file[name] = value
    return file


def test_the_authors_names_are_ours(model):
    state = {"module": {f"backbone.{name}": value for name, value in model.state_dict().items()}}
    assert torch.equal(logits(create_model("videomae_base", checkpoint=state, **SIZE)), logits(model))


@pytest.mark.parametrize("version", [4, 5])
def test_the_hugging_face_layout_gives_the_same_logits(model, version):
    state = as_hugging_face(model.state_dict(), version)
    assert torch.equal(logits(create_model("videomae_base", checkpoint=state, **SIZE)), logits(model))


def test_a_pretraining_file_gives_all_but_norm_and_head(model):
    state = {"model": {f"_orig_mod.{name}": value for name, value in as_pretraining_file(model.state_dict()).items()}}
    with pytest.warns(CheckpointWarning, match="pre-training checkpoint: fc_norm and head start fresh"):
        made = create_model("videomae_base", checkpoint=state, num_classes=7, **SIZE)
    ours, theirs = made.state_dict(), model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours if not name.startswith(("fc_norm", "head")))
    assert torch.equal(ours["fc_norm.weight"], torch.ones(24))
    assert ours["head.weight"].shape == (7, 24)
    assert 0 < ours["head.weight"].abs().max() < 1e-4  # N(0, 0.02) times 0.001


def test_a_hugging_face_pretraining_model_gives_its_encoder(model):
    state = as_hugging_face({k: v for k, v in model.state_dict().items() if not k.startswith(("fc_norm", "head"))})
    state |= {"mask_token": torch.zeros(1, 1, 12), "decoder.norm.weight": torch.zeros(12)}
    with pytest.warns(CheckpointWarning, match="start fresh"):
        made = create_model("videomae_base", checkpoint=state, num_classes=7, **SIZE)
    assert torch.equal(made.blocks[1].attn.qkv.weight, model.blocks[1].attn.qkv.weight)


def test_only_what_the_facts_name_is_left_out_of_a_pretraining_file(model):
    state = as_pretraining_file(model.state_dict()) | {"encoder.pos_embed": torch.zeros(1, 8, 24)}
    with pytest.warns(CheckpointWarning), pytest.raises(CheckpointError) as caught:
        create_model("videomae_base", checkpoint=state, **SIZE)
    assert caught.value.left_over == ("pos_embed",)


def test_a_kinetics_710_head_becomes_a_kinetics_400_head_by_its_rows(model):
    state = model.state_dict() | {"head.weight": torch.randn(710, 24), "head.bias": torch.randn(710)}
    with pytest.warns(CheckpointWarning, match="its rows for Kinetics-400 are taken"):
        made = create_model("videomaev2_base", checkpoint=state, num_classes=400, **SIZE)
    rows = kinetics_rows(400)
    assert torch.equal(made.head.weight, state["head.weight"][rows])
    assert torch.equal(made.head.bias, state["head.bias"][rows])
    assert torch.equal(create_model("videomaev2_base", checkpoint=state, **SIZE).head.bias, state["head.bias"])


@pytest.mark.parametrize("layers", [1, 3])
def test_a_folder_of_transformers_itself_gives_the_same_logits(tmp_path, layers):
    transformers = pytest.importorskip("transformers")
    config = transformers.VideoMAEConfig(
        image_size=32,
        num_frames=4,
        hidden_size=24,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=40,
        num_labels=3,
        id2label={0: "run", 1: "jump", 2: "sit"},
        layer_norm_eps=1e-6,
    )
    torch.manual_seed(0)
    theirs = transformers.VideoMAEForVideoClassification(config).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_(std=0.3)
    theirs.save_pretrained(tmp_path)
    ours = load_model(tmp_path)
    with torch.inference_mode():
        expected = theirs(clip().transpose(1, 2)).logits  # (N, C, T, H, W) -> (N, T, C, H, W)
    torch.testing.assert_close(logits(ours), expected, rtol=1e-4, atol=1e-4)
    assert ours.classes == ("run", "jump", "sit")
    with pytest.raises(CheckpointError, match="it says num_heads=2, the model has 3"):
        create_model("videomae_base", checkpoint=tmp_path, **SIZE | {"num_heads": 3, "depth": layers})
