"""`tubelet reconstruct`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from tubelet.cli.outputs import file_to_write


def reconstruct(
    video: Annotated[Path, typer.Argument(help="A video file.")],
    checkpoint: Annotated[
        str, typer.Option("--checkpoint", "-c", help="A pretraining network: a file, a folder or a hub id.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Picture to write: .png, or .gif for one that moves.")
    ] = Path("reconstruction.png"),
    mask_ratio: Annotated[
        float | None, typer.Option(min=0.0, max=0.99, help="Part of the clip that is hidden [the network's own].")
    ] = None,
    mask: Annotated[
        str | None, typer.Option(help="How it is hidden: tube, random, frame or cube [the network's own].")
    ] = None,
    start: Annotated[int, typer.Option(min=0, help="First frame of the clip.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the mask.")] = 0,
) -> None:
    """Hide most of a clip and show what a pretrained network makes of the rest: original, masked, reconstructed.

    With a network from `tubelet pretrain`, on a scene of `tubelet demo`:

        tubelet demo -o demo
        tubelet pretrain pretraining/synthetic/videomae_tiny run.epochs=2 -o pre
        tubelet reconstruct demo/scene.mp4 -c pre/model.safetensors -o scene.gif

    Each hidden patch gets back its own mean and contrast, as in the papers' pictures: the network predicts neither.
    """
    import torch

    from tubelet.checkpoints import create_pretraining_model
    from tubelet.datasets.transforms import EvaluationTransform
    from tubelet.errors import TubeletError
    from tubelet.pretraining.videomae import VideoMAEPretraining
    from tubelet.video import VideoReader
    from tubelet.video.sampling import pretrain_clip
    from tubelet.viewer.reconstruction import save_reconstruction

    if output.suffix not in (".png", ".gif"):
        raise TubeletError(f"--output {output} was given; expected a name that ends in .png or .gif.")
    file_to_write(output)
    # everything that is hidden is predicted here, whatever a decoder left out in training
    changes: dict[str, Any] = {"decoder_mask_ratio": 0.0, "mask_ratio": mask_ratio, "mask": mask}
    changes = {key: value for key, value in changes.items() if value is not None}
    model = create_pretraining_model(checkpoint=checkpoint, **changes).eval()
    assert isinstance(model, VideoMAEPretraining)
    spec = model.spec
    with VideoReader(video) as reader:
        frames = reader.frames(pretrain_clip(len(reader), start, spec.num_frames, spec.frame_stride))
    clip = EvaluationTransform(spec.crop, 1, spec.mean, spec.std)(frames)
    masks = model.masks(1, torch.Generator().manual_seed(seed))
    with torch.inference_mode():
        prediction = model(clip, masks)
    shown = model.paint(clip, prediction, masks)
    rows = {"original": shown.original, "masked": shown.masked, "reconstructed": shown.completed}
    save_reconstruction(output, {name: frames[0].numpy() for name, frames in rows.items()})
    error = float(model.loss(prediction, model.target(clip, masks), masks))
    console = Console()
    console.print(f"{masks.visible.shape[1]} tokens seen, {masks.predicted.shape[1]} predicted, loss {error:.3f}")
    console.print(f"picture: {output}", soft_wrap=True)
