import json
import warnings

import pytest
import torch
from safetensors import safe_open

import tubelet
from tubelet.checkpoints import (
    CheckpointError,
    CheckpointWarning,
    create_model,
    list_models,
    load_model,
    model_table,
    save_checkpoint,
)
from tubelet.models.spec import ModelError

CLASSES = tuple(f"class {i}" for i in range(13))


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    return create_model("videomae_tiny", num_classes=13, drop_path_rate=0.1)


@pytest.fixture
def saved(tiny, tmp_path):
    path = tmp_path / "runs" / "tiny.safetensors"
    save_checkpoint(path, tiny, name="videomae_tiny", classes=CLASSES, extra={"top1": 0.9})
    return path


def state_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def test_names_are_listed_by_glob():
    assert list_models("videomaev2_g*") == ["videomaev2_giant"]
    assert "videomae_tiny" in tubelet.list_models()
    assert list_models("nothing*") == []


def test_a_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(ModelError, match=r"no model 'videomae_bsae'; did you mean videomae_base"):
        tubelet.create_model("videomae_bsae")


def test_a_wrong_override_is_answered_with_the_nearest():
    with pytest.raises(ModelError, match=r"has no 'num_frame'; did you mean num_frames"):
        create_model("videomae_tiny", num_frame=8)


def test_a_file_alone_rebuilds_its_model(saved, tiny):
    model = load_model(saved)
    assert model.config == tiny.config
    assert model.classes == CLASSES
    for (name, ours), theirs in zip(model.state_dict().items(), tiny.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name
    with safe_open(saved, framework="pt") as file:
        said = json.loads(file.metadata()["tubelet"])
    assert (said["model"], said["config"]["crop"], said["extra"]) == ("videomae_tiny", tiny.config.crop, {"top1": 0.9})


def test_a_file_brings_its_config_along_and_overrides_go_before(tmp_path):
    model = create_model("videomae_tiny", num_frames=8, patch=(2, 8, 8), crop=64, num_classes=4)
    save_checkpoint(tmp_path / "short.safetensors", model, name="videomae_tiny")
    read = create_model("videomae_tiny", checkpoint=tmp_path / "short.safetensors", crop=32)
    assert (read.spec.num_frames, read.spec.crop, read.spec.num_classes) == (8, 32, 4)
    assert read.positions.shape[0] == 4 * 4 * 4


def test_another_number_of_classes_gives_a_fresh_head_and_says_so(saved, tiny):
    with pytest.warns(CheckpointWarning, match="head for 13 classes: it starts fresh with 5"):
        model = create_model("videomae_tiny", checkpoint=saved, num_classes=5)
    assert model.head.weight.shape == (5, tiny.config.embed_dim)
    assert model.classes is None
    assert torch.equal(model.fc_norm.weight, tiny.fc_norm.weight)
    assert 0 < model.head.weight.abs().max() < 1e-4  # N(0, 0.02) times 0.001


def test_a_checkpoint_that_fits_says_nothing(saved):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert create_model("videomae_tiny", checkpoint=saved, num_classes=13).classes == CLASSES


def test_a_misfit_lists_what_is_missing_left_over_and_reshaped(tiny):
    state = state_of(tiny)
    state["blocks.0.gamma"] = state.pop("blocks.0.norm1.weight")
    state["fc_norm.bias"] = torch.zeros(7)
    with pytest.raises(CheckpointError) as caught:
        create_model("videomae_tiny", checkpoint=state)
    assert caught.value.missing == ("blocks.0.norm1.weight",)
    assert caught.value.left_over == ("blocks.0.gamma",)
    assert caught.value.reshaped == (("fc_norm.bias", (7,), (tiny.config.embed_dim,)),)
    assert str(caught.value) == (
        "the given state dict does not fit videomae_tiny; missing: blocks.0.norm1.weight; left over: blocks.0.gamma; "
        f"other shapes: fc_norm.bias is 7, not {tiny.config.embed_dim}."
    )


def test_the_wrong_size_is_told_the_right_one(tiny):
    with pytest.raises(CheckpointError, match=r"and \d+ more.* Its shapes are those of videomae_tiny\.$"):
        create_model("videomae_small", checkpoint=state_of(tiny))


def test_without_a_head_there_must_be_a_number_of_classes(tiny):
    state = {name: value for name, value in state_of(tiny).items() if not name.startswith("head.")}
    with pytest.raises(CheckpointError, match=r"missing: head\.weight, head\.bias"):
        create_model("videomae_tiny", checkpoint=state)
    with pytest.warns(CheckpointWarning, match="no head"):
        assert create_model("videomae_tiny", checkpoint=state, num_classes=3).head.out_features == 3


def test_the_given_state_dict_stays_the_callers(tiny):
    state = state_of(tiny)
    model = create_model("videomae_tiny", checkpoint=state)
    with torch.no_grad():
        model.head.bias.add_(1.0)
    assert torch.equal(state["head.bias"], tiny.head.bias)


def test_half_precision_files_give_full_precision_models(tiny):
    model = create_model("videomae_tiny", checkpoint={name: value.half() for name, value in state_of(tiny).items()})
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_on_the_meta_device_nothing_is_allocated():
    with torch.device("meta"):
        model = create_model("videomaev2_giant")
        copy = create_model("videomaev2_giant", checkpoint=model.state_dict())
    assert all(value.is_meta for value in copy.state_dict().values())


def test_a_compiled_or_distributed_model_is_saved_under_its_own_names(tiny, tmp_path):
    class Wrapper(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.module = model

    save_checkpoint(tmp_path / "wrapped.safetensors", Wrapper(tiny), name="videomae_tiny")
    assert torch.equal(load_model(tmp_path / "wrapped.safetensors").head.weight, tiny.head.weight)


def test_other_values_can_be_saved_under_the_same_names(tiny, tmp_path):
    average = {name: value + 1 for name, value in tiny.state_dict().items()}
    save_checkpoint(tmp_path / "average.safetensors", tiny, name="videomae_tiny", state=average)
    assert torch.equal(load_model(tmp_path / "average.safetensors").head.bias, tiny.head.bias + 1)


def test_a_failed_write_leaves_the_old_file(saved, tiny, monkeypatch):
    before = saved.read_bytes()

    def fail(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("tubelet.checkpoints.metadata.save_file", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(saved, tiny, name="videomae_tiny")
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_names_that_do_not_count_the_classes_are_refused(tiny, tmp_path):
    with pytest.raises(CheckpointError, match=r"2 class names were given for .*; the model has 13 classes"):
        save_checkpoint(tmp_path / "x.safetensors", tiny, name="videomae_tiny", classes=["a", "b"])


def test_a_file_of_a_later_version_is_refused(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("tubelet.checkpoints.metadata.VERSION", 2)
    save_checkpoint(tmp_path / "new.safetensors", tiny, name="videomae_tiny")
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match=r"has version 2; this tubelet reads up to 1"):
        load_model(tmp_path / "new.safetensors")


def test_a_checkpoint_that_does_not_say_what_it_is_must_be_named():
    with pytest.raises(CheckpointError, match="does not say which model it is"):
        load_model({"x": torch.ones(2)})


@pytest.mark.parametrize(
    ("name", "millions", "gmacs"),
    [  # the tables of the facts; the heads have 400 classes but for giant, 710
        ("videomae_small", 22.0, 57),
        ("videomae_base", 86.5, 180),
        ("videomae_large", 304.3, 597),
        ("videomae_huge", 632.1, 1191),
        ("videomaev2_giant", 1012.6, 2543),
    ],
)
def test_the_table_counts_what_the_papers_say(name, millions, gmacs):
    (row,) = model_table(name)
    assert round(row.parameters / 1e6, 1) == millions
    assert round(row.multiply_adds / 1e9) == gmacs


def test_a_model_without_classes_is_refused():
    with pytest.raises(ModelError, match="num_classes is 0; expected at least 1"):
        create_model("videomae_tiny", num_classes=0)


def test_weights_that_a_run_left_without_numbers_are_refused():
    state = create_model("videomae_tiny").state_dict()
    state["blocks.0.mlp.fc1.bias"][3] = float("nan")
    with pytest.raises(CheckpointError, match=r"numbers in blocks\.0\.mlp\.fc1\.bias that are not finite"):
        create_model("videomae_tiny", checkpoint=state)


def test_half_precision_is_loaded_even_where_its_sum_is_none():
    state = create_model("videomae_tiny").state_dict()
    state["blocks.0.mlp.fc1.weight"] = torch.full_like(state["blocks.0.mlp.fc1.weight"], 60.0).half()
    assert not state["blocks.0.mlp.fc1.weight"].sum().isfinite()
    assert create_model("videomae_tiny", checkpoint=state).blocks[0].mlp.fc1.weight.dtype == torch.float32
