from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from tubelet.checkpoints import create_pretraining_model, save_checkpoint
from tubelet.cli.reconstruct import reconstruct
from tubelet.errors import TubeletError


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "pretrained.safetensors"
    network = create_pretraining_model("videomae_pretraining_tiny", crop=24, decoder_mask_ratio=0.5)
    save_checkpoint(path, network, name="videomae_pretraining_tiny")
    return path


def test_a_still_picture_has_three_rows_of_frames(clip: Path, pretrained: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "clip.png"
    reconstruct(clip, str(pretrained), out, mask_ratio=0.5, mask=None, start=0, seed=0)
    # 2 x 4 x 4 tokens, half of them seen; frames of 24 pixels are enlarged five times, with gaps of 4
    assert "16 tokens seen, 16 predicted" in capsys.readouterr().out
    assert Image.open(out).size == (8 * 120 + 7 * 4, 3 * 120 + 2 * 4)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.png"]


def test_a_moving_picture_has_every_frame_of_the_clip(clip: Path, pretrained: Path, tmp_path: Path) -> None:
    out = tmp_path / "clip.gif"
    reconstruct(clip, str(pretrained), out, mask_ratio=None, mask="random", start=0, seed=0)
    picture = Image.open(out)
    # two frames that look the same are kept as one that stays twice as long
    assert sum(frame.info["duration"] for frame in ImageSequence.Iterator(picture)) == 16 * 120
    assert picture.n_frames > 8
    assert picture.size == (3 * 120 + 2 * 4, 120)


def test_another_kind_of_file_is_refused(clip: Path, pretrained: Path, tmp_path: Path) -> None:
    with pytest.raises(TubeletError, match=r"expected a name that ends in \.png or \.gif"):
        reconstruct(clip, str(pretrained), tmp_path / "clip.mp4", mask_ratio=None, mask=None, start=0, seed=0)
