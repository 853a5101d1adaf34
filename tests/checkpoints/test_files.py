import argparse
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tubelet.checkpoints import CheckpointError
from tubelet.checkpoints.files import read_state_dict

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


def same(read, expected=TENSORS):
    return read.keys() == expected.keys() and all(torch.equal(read[name], expected[name]) for name in expected)


@pytest.mark.parametrize("wrapper", ["model", "module", "state_dict", "model_state", None])
def test_the_wrapper_of_a_released_file_comes_off(tmp_path, wrapper):
    torch.save({wrapper: TENSORS} if wrapper else TENSORS, tmp_path / "file.pth")
    assert same(read_state_dict(tmp_path / "file.pth").tensors)


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "_orig_mod.module."])
def test_the_prefix_of_a_compiled_or_distributed_model_comes_off(prefix):
    assert same(read_state_dict({"model": {prefix + name: value for name, value in TENSORS.items()}}).tensors)


def test_options_and_figures_beside_the_tensors_do_not_hinder(tmp_path):
    options = argparse.Namespace(lr=1e-3, output=None)
    torch.save({"epoch": 3, "args": options, "best": np.float64(81.5), "model": TENSORS}, tmp_path / "last.pth")
    assert same(read_state_dict(tmp_path / "last.pth").tensors)


def test_files_of_old_torch_versions_are_read(tmp_path):
    torch.save({"model": TENSORS}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert same(read_state_dict(str(tmp_path / "old.pth")).tensors)


class Burglar:
    """Would make a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("write", ["torch", "torch_legacy", "pickle"])
def test_code_inside_a_checkpoint_is_not_run(tmp_path, write):
    contents = {"model": TENSORS, "extra": Burglar(tmp_path / "broken_in")}
    path = tmp_path / "evil.pth"
    if write == "pickle":
        path.write_bytes(pickle.dumps(contents))
    else:
        torch.save(contents, path, _use_new_zipfile_serialization=write == "torch")
    with pytest.raises(CheckpointError, match=r"evil\.pth"):
        read_state_dict(path)
    assert not (tmp_path / "broken_in").exists()


def test_a_refused_object_is_named(tmp_path):
    torch.save({"model": TENSORS, "path": Path("x")}, tmp_path / "path.pth")
    with pytest.raises(CheckpointError, match=r"holds a Python object \(pathlib\S*\.PosixPath\)"):
        read_state_dict(tmp_path / "path.pth")


@pytest.mark.parametrize("name", ["half.pth", "half.safetensors", "empty.pth", "text.pth", "text.safetensors"])
def test_a_damaged_file_is_one_clear_error(tmp_path, name):
    path = tmp_path / name
    kind, suffix = name.split(".")
    if kind == "text":
        path.write_text("not a checkpoint at all")
    elif kind == "empty":
        path.touch()
    else:
        torch.save(TENSORS, path) if suffix == "pth" else save_file(TENSORS, path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CheckpointError, match=name):
        read_state_dict(path)


def test_a_file_without_tensors_is_an_error(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "empty.pth")
    with pytest.raises(CheckpointError, match="holds no state dict"):
        read_state_dict(tmp_path / "empty.pth")


def test_a_folder_gives_its_config_along(tmp_path):
    save_file(TENSORS, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text('{"num_attention_heads": 6}')
    read = read_state_dict(tmp_path)
    assert same(read.tensors)
    assert read.config == {"num_attention_heads": 6}


def test_a_folder_without_weights_is_an_error(tmp_path):
    with pytest.raises(CheckpointError, match=r"expected model\.safetensors or pytorch_model\.bin"):
        read_state_dict(tmp_path)


def test_a_file_that_is_not_there_is_not_looked_for_on_the_hub():
    with pytest.raises(CheckpointError, match=r"there is no checkpoint runs/last\.pth"):
        read_state_dict("runs/last.pth")


def test_the_hub_gives_weights_and_config(tmp_path, monkeypatch):
    from huggingface_hub.errors import EntryNotFoundError

    save_file(TENSORS, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text('{"num_attention_heads": 6}')
    torch.save({"module": TENSORS}, tmp_path / "file.pth")
    asked = []

    def download(repository, name):
        asked.append((repository, name))
        path = tmp_path / Path(name).name
        if not path.exists():
            raise EntryNotFoundError(f"no {name}")
        return str(path)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert read_state_dict("some-one/some.model").config == {"num_attention_heads": 6}
    assert same(read_state_dict("some-one/some.model:folder/file.pth").tensors)
    assert asked[-1] == ("some-one/some.model", "folder/file.pth")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"holds neither model\.safetensors nor pytorch_model\.bin"):
        read_state_dict("some-one/some.model")


def test_without_a_network_the_hub_is_one_clear_error(monkeypatch):
    from huggingface_hub.errors import LocalEntryNotFoundError

    def download(repository, name):
        raise LocalEntryNotFoundError("Please check your connection.\nTrace follows.")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(CheckpointError, match=r"neither a local file nor .* hub: Please check your connection\.$"):
        read_state_dict("some-one/some-model")
