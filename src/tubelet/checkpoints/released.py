"""The weights that the authors released: what they were trained for, what they reach, and where they are.

Figures are the authors' own, from the papers and the model zoos of their repositories. `licence` is that of the weights
as far as the authors state one; the weights are theirs, not part of this package.
"""

from __future__ import annotations

from dataclasses import dataclass

_ZOO = "links in the model zoo of github.com/MCG-NJU/VideoMAE; exports on the hub: MCG-NJU/videomae-*"
_VIDEOMAE = "none stated for the weights; code CC BY-NC 4.0"
_VIDEOMAEV2 = "none stated for the weights; code MIT"
_HUB = "hub: OpenGVLab/VideoMAE2"


@dataclass(frozen=True)
class Released:
    """One released file, or one reported result whose file was not released.

    Args:
        model: name for `create_model`.
        data: what it was fine-tuned on, or "pre-training".
        views: frames x temporal clips x spatial crops of the reported figures; None for a pre-trained file.
        top1: per cent; None where no figure is reported.
        top5: per cent.
        licence: of the weights.
        where: the way to the file; None when it was not released.
        note: what tells it apart from others of the same model and data.
    """

    model: str
    data: str
    views: str | None
    top1: float | None
    top5: float | None
    licence: str
    where: str | None
    note: str = ""


def _videomae(
    size: str, data: str, views: str, top1: float, top5: float, note: str = "", released: bool = True
) -> Released:
    return Released(f"videomae_{size}", data, views, top1, top5, _VIDEOMAE, _ZOO if released else None, note)


def _videomaev2(
    size: str, data: str, views: str | None, top1: float | None, top5: float | None, file: str | None, note: str = ""
) -> Released:
    where = f"{_HUB}:{file}" if file else None
    return Released(f"videomaev2_{size}", data, views, top1, top5, _VIDEOMAEV2, where, note)


_K400, _K600, _K710 = "Kinetics-400", "Kinetics-600", "Kinetics-710"
_SSV2 = "Something-Something v2"
_GIANT = "mae-g/vit_g_hybrid_pt_1200e"
_SMALL_FILE, _BASE_FILE = "distill/vit_s_k710_dl_from_giant.pth", "distill/vit_b_k710_dl_from_giant.pth"

_OURS = Released(
    "videomae_tiny",
    "synthetic benchmark",
    "16x1x1",
    98.2,
    100.0,
    "Apache-2.0",
    'with the package: checkpoint="synthetic"',
)

# The first row of a model is the one that its line in `tubelet models` shows.
RELEASED = (
    _OURS,
    _videomae("small", _K400, "16x5x3", 79.0, 93.8, "1600 epochs of pre-training"),
    _videomae("small", _SSV2, "16x2x3", 66.8, 90.3, "2400 epochs of pre-training"),
    _videomae("base", _K400, "16x5x3", 81.5, 95.1, "1600 epochs of pre-training"),
    _videomae("base", _K400, "16x5x3", 80.0, 94.4, "800 epochs of pre-training, no repeated augmentation"),
    _videomae("base", _SSV2, "16x2x3", 70.8, 92.4, "2400 epochs of pre-training"),
    _videomae("base", _SSV2, "16x2x3", 69.6, 92.0, "800 epochs of pre-training, no repeated augmentation"),
    _videomae("base", "UCF101", "16x5x3", 91.3, 98.5, "3200 epochs of pre-training on UCF101"),
    _videomae("large", _K400, "16x5x3", 85.2, 96.8, "1600 epochs of pre-training"),
    _videomae("large", _K400, "32x4x3", 86.1, 97.3, "crop 320", released=False),
    _videomae("large", _SSV2, "16x2x3", 74.3, 94.6, released=False),
    _videomae("huge", _K400, "16x5x3", 86.6, 97.1, "1600 epochs of pre-training"),
    _videomae("huge", _K400, "32x4x3", 87.4, 97.6, "crop 320", released=False),
    _videomaev2("small", _K400, "16x5x3", 83.7, None, _SMALL_FILE, "rows of the Kinetics-710 head"),
    _videomaev2("small", _K600, "16x5x3", 83.1, None, _SMALL_FILE, "rows of the Kinetics-710 head"),
    _videomaev2("small", _K710, "16x5x3", 77.6, None, _SMALL_FILE, "distilled from giant"),
    _videomaev2("base", _K400, "16x5x3", 86.6, None, _BASE_FILE, "rows of the Kinetics-710 head"),
    _videomaev2("base", _K600, "16x5x3", 85.9, None, _BASE_FILE, "rows of the Kinetics-710 head"),
    _videomaev2("base", _K710, "16x5x3", 81.5, None, _BASE_FILE, "distilled from giant"),
    _videomaev2("giant", _K710, "16x5x3", 83.8, 96.4, f"{_GIANT}_k710_ft.pth"),
    _videomaev2("giant", _K400, "16x5x3", 87.2, 97.4, None),
    _videomaev2("giant", _K400, "16x5x3", 88.4, 98.0, None, "by way of Kinetics-710"),
    _videomaev2("giant", _K600, "16x5x3", 88.8, 98.2, None, "by way of Kinetics-710"),
    _videomaev2("giant", _SSV2, "16x2x3", 77.0, 95.9, f"{_GIANT}_ssv2_ft.pth"),
    _videomaev2("giant", "pre-training", None, None, None, f"{_GIANT}.pth", "1200 epochs on UnlabeledHybrid"),
)


def released(model: str) -> tuple[Released, ...]:
    """The rows of one model, the one to show first; empty when its authors released and reported nothing for it."""
    return tuple(row for row in RELEASED if row.model == model)
