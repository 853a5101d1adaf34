"""`tubelet recognize`."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from tubelet.cli.outputs import file_to_write
from tubelet.errors import TubeletError

if TYPE_CHECKING:
    from tubelet.inference import Failure, RecognitionResult, Recognizer
    from tubelet.viewer import ReportEntry

SHIPPED_NOTE = (
    "These weights come with tubelet and know only the {count} motions of its synthetic benchmark; "
    "for videos of people pass --checkpoint, such as MCG-NJU/videomae-base-finetuned-kinetics."
)
RESULTS = Path("recognition.jsonl")


def recognize(
    videos: Annotated[list[str], typer.Argument(help="Files, folders, or patterns such as 'clips/**/*.mp4'.")],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="A name of `tubelet models` [what the checkpoint says it is].")
    ] = None,
    checkpoint: Annotated[
        str | None, typer.Option("--checkpoint", "-c", help="Weights: a file, a folder, a hub id, or 'synthetic'.")
    ] = None,
    classes: Annotated[
        Path | None, typer.Option(help="Names of the classes, one a line, where the checkpoint has none.")
    ] = None,
    top: Annotated[int, typer.Option(help="How many labels to keep.", min=1)] = 5,
    views: Annotated[str, typer.Option(help="Clips in time x crops in space, such as 5x3.")] = "1x1",
    hop: Annotated[float | None, typer.Option(help="Seconds between sliding windows [half a window].")] = None,
    threshold: Annotated[
        float, typer.Option(help="A moment with a lower score belongs to no segment.", min=0.0, max=1.0)
    ] = 0.3,
    batch_size: Annotated[int, typer.Option(help="Clips that go through the model at once.", min=1)] = 4,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1 ... [a GPU when there is one].")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help=f"Results as JSON lines [{RESULTS} for several videos].")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write a page with the videos and what was found.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else, on stdout.")] = False,
) -> None:
    """Say what happens in videos: one answer for a short clip, a timeline for a long video.

    Make a clip to look at, then look at it:

        tubelet demo --output demo
        tubelet recognize demo/scene.mp4 --report scene.html

    A folder; results are written as they come, and the same command again goes on where it stopped:

        tubelet recognize videos -c MCG-NJU/videomae-base-finetuned-kinetics
    """
    from tubelet.inference import Failure, Recognizer, ResultLog, find_videos, recognize_videos

    paths = find_videos(videos)
    if not paths:
        raise TubeletError(f"no video was found in {', '.join(videos)}; expected files such as .mp4, .mkv or .avi.")
    if output is None and len(paths) > 1 and not as_json:
        output = RESULTS
    for path in filter(None, (output, report)):
        file_to_write(path)
    recognizer = Recognizer(
        model,
        checkpoint=checkpoint,
        classes=_read_classes(classes),
        top=top,
        views=_parse_views(views),
        hop=hop,
        threshold=threshold,
        batch_size=batch_size,
        device=device,
    )
    stdout, stderr = Console(), Console(stderr=True)
    if recognizer.uses_shipped_weights:
        stderr.print(SHIPPED_NOTE.format(count=len(recognizer.classes)), style="yellow", soft_wrap=True)
    log = ResultLog(output, recognizer.settings) if output is not None else None
    outcomes: list[RecognitionResult | Failure] = []
    # on a terminal the bar and the lines above it share one console; elsewhere stdout holds results alone
    with _progress(stdout if stdout.is_terminal and not as_json else stderr) as progress:
        total = progress.add_task("videos", total=len(paths), visible=len(paths) > 1)
        within = progress.add_task("clips")
        clips = lambda done, count: progress.update(within, completed=done, total=count)  # noqa: E731
        for path, outcome in zip(paths, recognize_videos(recognizer, paths, log, progress=clips), strict=True):
            outcomes.append(outcome)
            progress.advance(total)
            if isinstance(outcome, Failure):
                progress.console.print(Text(f"error: {outcome.error}", style="red"), soft_wrap=True)
            elif not as_json:
                stdout.print(outcome if len(paths) == 1 else _line(path, outcome), soft_wrap=len(paths) > 1)
    if as_json:
        typer.echo(json.dumps({"videos": [outcome.to_dict() for outcome in outcomes]}, ensure_ascii=False))
    if report is not None:
        _write_report(report, outcomes, recognizer, stderr)
    failures = sum(isinstance(outcome, Failure) for outcome in outcomes)
    for name, written in (("results", output), ("report", report)):
        if written is not None:
            stderr.print(f"{name}: {written}", soft_wrap=True, highlight=False)
    if failures:
        stderr.print(f"{failures} of {len(paths)} videos could not be recognised.", style="red", highlight=False)
        raise typer.Exit(1)


def report_entry(outcome: RecognitionResult | Failure) -> ReportEntry:
    """An outcome as the report takes it."""
    from tubelet.annotations import Video
    from tubelet.inference import Failure
    from tubelet.viewer import ReportEntry

    if isinstance(outcome, Failure):
        return ReportEntry(Video(outcome.path), error=outcome.error)
    return ReportEntry(outcome.video, scores=outcome.timeline, warnings=outcome.warnings)


def report_facts(recognizer: Recognizer) -> dict[str, str]:
    """How the results of a report were made."""
    spec = recognizer.spec
    return {
        "Model": recognizer.name,
        "Classes": str(len(recognizer.classes)),
        "A clip": f"{spec.num_frames} frames at stride {spec.frame_stride}, {spec.crop} x {spec.crop} pixels",
        "Views": f"{recognizer.views[0]} in time (short clips) x {recognizer.views[1]} in space",
        "Sliding windows": "half a window apart" if recognizer.hop is None else f"every {recognizer.hop:g} s",
        "Segments": f"joined moments with a score of {recognizer.threshold:g} or more",
    }


def _write_report(
    path: Path, outcomes: list[RecognitionResult | Failure], recognizer: Recognizer, console: Console
) -> None:
    from tubelet.video import VideoWarning
    from tubelet.viewer import ReportText, write_report

    note = SHIPPED_NOTE.format(count=len(recognizer.classes)) if recognizer.uses_shipped_weights else None
    text = ReportText(note=note, facts=report_facts(recognizer))
    with _progress(console) as progress, warnings.catch_warnings():
        warnings.simplefilter("ignore", VideoWarning)  # told once, when the video was recognised
        task = progress.add_task("report", total=len(outcomes))
        entries = [report_entry(outcome) for outcome in outcomes]
        write_report(path, entries, text, progress=lambda index, _: progress.update(task, completed=index))
        progress.update(task, completed=len(outcomes))


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description:7}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _line(path: Path, result: RecognitionResult) -> Text:
    best = result.labels[0]
    line = Text.assemble((f"{path}", "bold"), f"  {best.name}  ", (f"{best.score:.1%}", "cyan"))
    if result.timeline is not None:
        plural = "" if len(result.segments) == 1 else "s"
        line.append(f"  {len(result.segments)} segment{plural}", style="dim")
    for warning in result.warnings:
        line.append(f"\n  warning: {warning}", style="yellow")
    return line


def _parse_views(text: str) -> tuple[int, int]:
    clips, _, crops = text.lower().partition("x")
    if not (clips.isdecimal() and crops.isdecimal()):
        raise TubeletError(f"--views {text} was given; expected clips x crops, such as 5x3.")
    return int(clips), int(crops)


def _read_classes(path: Path | None) -> list[str] | None:
    if path is None:
        return None
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise TubeletError(
            f"--classes {path} cannot be read ({error}); expected a text file, one name a line."
        ) from None
