"""`tubelet evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def evaluate(
    recipe: Annotated[Path, typer.Argument(help="The recipe whose validation data are scored.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="Changes to it, key=value.")] = None,
    checkpoint: Annotated[
        str | None, typer.Option(help="Weights: a file, a folder, a hub id, or 'synthetic' [the recipe's own].")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for results.json and confusion.png.")] = Path(
        "runs/evaluation"
    ),
    batch_size: Annotated[int, typer.Option(help="Clips that go through the model at once.", min=1)] = 16,
    fusion: Annotated[
        str, typer.Option(help="Mean over the views of their 'probabilities' or 'logits'.")
    ] = "probabilities",
) -> None:
    """Measure a recogniser: top-1, top-5, mean class accuracy; results as JSON and a confusion picture.

    The shipped weights on the synthetic benchmark:

        tubelet evaluate recognition/synthetic/videomae_tiny --checkpoint synthetic
    """
    import torch

    from tubelet.checkpoints import create_model
    from tubelet.errors import TubeletError
    from tubelet.training.data import evaluation_data
    from tubelet.training.evaluation import evaluate as score
    from tubelet.training.evaluation import save_results
    from tubelet.training.recipe import find_recipe, load_recipe
    from tubelet.viewer.confusion import save_confusion

    if fusion not in ("probabilities", "logits"):
        raise TubeletError(f"--fusion {fusion!r} is neither 'probabilities' nor 'logits'.")
    followed = load_recipe(find_recipe(recipe), overrides or ())
    weights = checkpoint or followed.model.checkpoint
    if weights is None:
        raise TubeletError(f"{recipe} names no weights; pass --checkpoint FILE.")
    model = create_model(followed.model.name, checkpoint=weights, **followed.model.overrides)
    data = evaluation_data(followed.data.validation, model.spec, followed.run.views)
    if model.spec.num_classes != len(data.classes):
        raise TubeletError(
            f"{weights} tells {model.spec.num_classes} classes apart; the data have {len(data.classes)}."
        )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    evaluation = score(model.to(device), data, batch_size, followed.data.workers, fusion=fusion)  # type: ignore[arg-type]
    results = save_results(evaluation, data.classes, output)
    picture = output / "confusion.png"
    save_confusion(picture, evaluation.figures.confusion, data.classes)
    figures = evaluation.figures
    console = Console()
    console.print(
        f"top-1 [bold]{figures.top1:.1%}[/], top-5 {figures.top5:.1%}, mean class accuracy "
        f"{figures.mean_class_accuracy:.1%} on {figures.num_videos} videos"
    )
    if evaluation.broken:
        console.print(f"{len(evaluation.broken)} videos could not be read; {results.name} names them.")
    console.print(f"results: {results}\nconfusion: {picture}", soft_wrap=True)
