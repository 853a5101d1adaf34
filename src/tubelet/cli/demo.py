"""`tubelet demo`."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tubelet.cli.outputs import folder_to_write

if TYPE_CHECKING:
    from tubelet.annotations import Video
    from tubelet.inference import RecognitionResult

HOP = 0.125  # seconds between windows: the actions last about one second
CHUNK = 16  # frames rendered at a time


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write to.")] = Path("tubelet-demo"),
    seconds: Annotated[float, typer.Option(help="Length of the scene.", min=4.0)] = 24.0,
    index: Annotated[int, typer.Option(help="Which scene; each number is another one.", min=0)] = 0,
) -> None:
    """Render a scene, recognise what happens in it, and show it beside the truth; needs no network.

    The scene and its labels come from the synthetic benchmark, the weights come with the package:

        tubelet demo --output tubelet-demo
    """
    from tubelet.cli.recognize import report_facts
    from tubelet.datasets.synthetic import synthetic_video
    from tubelet.inference import Recognizer
    from tubelet.video import VideoWriter
    from tubelet.viewer import ReportEntry, ReportText, annotate_video, save_timeline, write_report

    began = time.perf_counter()
    console = Console()
    folder_to_write(output)
    video, annotated, page = output / "scene.mp4", output / "annotated.mp4", output / "report.html"
    with console.status("rendering a scene") as status:
        scene = synthetic_video("test", index, seconds, size=320, num_actors=1, pause=(0.3, 0.8))
        truth = replace(scene.annotations(), boxes=())  # its tubes say the same, at every frame
        with VideoWriter(video, frame_rate=scene.frame_rate) as writer:
            for start in range(0, scene.num_frames, CHUNK):
                for frame in scene.render(range(start, min(start + CHUNK, scene.num_frames))):
                    writer.write(frame)
        status.update("recognising it")
        recognizer = Recognizer(hop=HOP)
        result = recognizer(video)
        result.save(output / "result.json")
        status.update("drawing what was found")
        annotate_video(video, annotated, result.video, truth=truth)
        save_timeline(output / "timeline.png", result.video, truth=truth, scores=result.timeline)
        facts = report_facts(recognizer) | {"Scene": f"{scene.name} of the synthetic benchmark, one actor"}
        entry = ReportEntry(result.video, scores=result.timeline, truth=truth)
        write_report(page, [entry], ReportText("A synthetic scene, recognised", facts=facts))
    console.print(
        _panel(result, truth, {"page": page, "video": annotated, "folder": output}, time.perf_counter() - began)
    )


def agreement(found: Video, truth: Video) -> float:
    """The share of the truth's time in which the same label was found."""
    same = sum(
        max(0.0, min(segment.end, true.end) - max(segment.start, true.start))
        for true in truth.segments
        for segment in found.segments
        if segment.label == true.label
    )
    return same / max(sum(true.end - true.start for true in truth.segments), 1e-9)


def _panel(result: RecognitionResult, truth: Video, written: dict[str, Path], took: float) -> Panel:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("truth", "from", "to", "found", "score"):
        table.add_column(heading, justify="left" if heading in ("truth", "found") else "right")
    for true in truth.segments:
        overlapping = [s for s in result.segments if min(s.end, true.end) > max(s.start, true.start)]
        best = max(overlapping, key=lambda s: min(s.end, true.end) - max(s.start, true.start), default=None)
        same = best is not None and best.label == true.label
        seen = Text("nothing" if best is None else best.label, style="green" if same else "red")
        score = "" if best is None or best.score is None else f"{best.score:.0%}"
        table.add_row(true.label, f"{true.start:.1f} s", f"{true.end:.1f} s", seen, score)
    places = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, path in written.items():
        places.add_row(Text(name, style="dim"), Text(str(path), style="bold cyan", overflow="fold"))
    right = agreement(result.video, truth)
    said = Text.assemble(
        "\nThe right label for ", (f"{right:.0%}", "bold"), f" of the time of the actions; {took:.0f} s in all.\n"
    )
    return Panel(Group(table, said, places), title="tubelet demo", title_align="left", expand=False, padding=(1, 2))
