"""`tubelet evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tubelet.cli.outputs import folder_to_write

_BENCHMARK, _RECIPE = "Result files on a benchmark", "A model on a recipe's data"


def evaluate(
    recipe: Annotated[
        Path | None, typer.Argument(help="The recipe whose validation data are scored; none with --benchmark.")
    ] = None,
    overrides: Annotated[list[str] | None, typer.Argument(help="Changes to it, key=value.")] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint",
            "-c",
            help="Weights: a file, a folder, a hub id, or 'synthetic' [the recipe's own].",
            rich_help_panel=_RECIPE,
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(help="Clips that go through the model at once.", min=1, rich_help_panel=_RECIPE)
    ] = 16,
    fusion: Annotated[
        str, typer.Option(help="Mean over the views of their 'probabilities' or 'logits'.", rich_help_panel=_RECIPE)
    ] = "probabilities",
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for results.json and the pictures.")] = Path(
        "runs/evaluation"
    ),
    benchmark: Annotated[
        str | None,
        typer.Option("--benchmark", "-b", help="Its name; --list shows them all.", rich_help_panel=_BENCHMARK),
    ] = None,
    ground_truth: Annotated[
        Path | None,
        typer.Option("--ground-truth", "-g", help="The official file or folder.", rich_help_panel=_BENCHMARK),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(
            "--predictions",
            "-p",
            help="Results as the official tool reads them, or tubelet's JSON with scores.",
            rich_help_panel=_BENCHMARK,
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(help="Boxes on frames, where the predictions are tubes.", rich_help_panel=_BENCHMARK),
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(help="Names of the classes, or AVA's label map.", rich_help_panel=_BENCHMARK)
    ] = None,
    excluded: Annotated[
        Path | None, typer.Option(help="AVA's excluded timestamps.", rich_help_panel=_BENCHMARK)
    ] = None,
    lists: Annotated[
        Path | None,
        typer.Option(help="Folder of EPIC-KITCHENS' lists [the ground truth's].", rich_help_panel=_BENCHMARK),
    ] = None,
    info: Annotated[
        Path | None, typer.Option(help="A csv of the videos: subsets, frames.", rich_help_panel=_BENCHMARK)
    ] = None,
    test_list: Annotated[
        Path | None, typer.Option(help="UCF101-24's testlist01.txt.", rich_help_panel=_BENCHMARK)
    ] = None,
    subset: Annotated[
        str | None, typer.Option(help="Of the ground truth [the one of the papers].", rich_help_panel=_BENCHMARK)
    ] = None,
    split: Annotated[
        int, typer.Option(help="Of UCF101, HMDB51, JHMDB, UCF101-24.", min=1, rich_help_panel=_BENCHMARK)
    ] = 1,
    flavour: Annotated[
        str | None,
        typer.Option(help="Whose evaluator to agree with [the benchmark's first].", rich_help_panel=_BENCHMARK),
    ] = None,
    official: Annotated[
        bool, typer.Option("--official", help="Print what the official tool prints.", rich_help_panel=_BENCHMARK)
    ] = False,
    intervals: Annotated[
        bool,
        typer.Option("--intervals", help="95% confidence, videos drawn with replacement.", rich_help_panel=_BENCHMARK),
    ] = False,
    errors: Annotated[
        bool,
        typer.Option("--errors", help="What kinds of errors there are, what each costs.", rich_help_panel=_BENCHMARK),
    ] = False,
    list_all: Annotated[
        bool, typer.Option("--list", help="Show the benchmarks and their files, and leave.", rich_help_panel=_BENCHMARK)
    ] = False,
) -> None:
    """Measure result files on a benchmark, as its official tool does, or a model on the data of a recipe.

    One box on one frame of AVA, found with an overlap of 0.8:

        echo movie,902,0.1,0.1,0.5,0.9,12,1 > truth.csv
        echo movie,902,0.1,0.1,0.5,0.74,12,0.9 > found.csv
        tubelet evaluate -b ava -g truth.csv -p found.csv -o score

    The shipped weights on the synthetic benchmark (top-1, top-5, mean class accuracy, a confusion picture):

        tubelet evaluate recognition/synthetic/videomae_tiny -c synthetic
    """
    from tubelet.errors import TubeletError

    if list_all or benchmark is not None:
        from tubelet.cli.benchmark import list_benchmarks, score_benchmark
        from tubelet.scoring import Files

        if list_all:
            return list_benchmarks(Console())
        assert benchmark is not None
        if recipe is not None:
            raise TubeletError(f"got the recipe {recipe} and --benchmark {benchmark}; expected one of them.")
        if ground_truth is None or predictions is None:
            missing = "--ground-truth" if ground_truth is None else "--predictions"
            raise TubeletError(f"--benchmark {benchmark} needs {missing} FILE; --list shows what each benchmark takes.")
        files = Files(
            ground_truth,
            predictions,
            boxes=boxes,
            classes=classes,
            excluded=excluded,
            lists=lists,
            info=info,
            test_list=test_list,
            subset=subset,
            split=split,
        )
        return score_benchmark(
            benchmark, files, output, flavour=flavour, intervals=intervals, errors=errors, official=official
        )
    if recipe is None:
        raise TubeletError("nothing to measure; pass a recipe, or --benchmark NAME (--list shows them).")
    _evaluate_recipe(recipe, overrides or [], checkpoint, output, batch_size, fusion)


def _evaluate_recipe(
    recipe: Path, overrides: list[str], checkpoint: str | None, output: Path, batch_size: int, fusion: str
) -> None:
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
    followed = load_recipe(find_recipe(recipe), overrides)
    folder_to_write(output)
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
