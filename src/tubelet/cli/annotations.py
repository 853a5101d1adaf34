"""The verbs of `tubelet data` that read annotations: check, stats, formats, convert."""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from tubelet.cli.outputs import folder_to_write
from tubelet.errors import TubeletError, did_you_mean

if TYPE_CHECKING:
    from tubelet.annotations import Segment, SetStatistics, Tube, VideoSet

FormatOption = Annotated[str | None, typer.Option("--format", help="Of the annotations [recognised].")]
OptionsOption = Annotated[
    list[str] | None,
    typer.Option("--option", "-O", help="What the format takes beside the file, key=value; may be repeated."),
]


def check(
    paths: Annotated[list[Path], typer.Argument(help="Annotation files, or folders of videos; several are one set.")],
    videos: Annotated[
        Path | None, typer.Option(help="Folder of the video files, which are then opened [not looked into].")
    ] = None,
    decode: Annotated[bool, typer.Option("--decode", help="Decode every frame, to find damage anywhere.")] = False,
    format: FormatOption = None,
    options: OptionsOption = None,
    examples: Annotated[int, typer.Option(help="Places to show of each kind of finding.", min=1)] = 3,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="JSON file for the findings.")] = None,
) -> None:
    """Look over a data set: videos that do not open, actions and boxes outside, empty classes, train in test.

    A folder with a folder of videos for every class, every frame decoded:

        tubelet data synthetic synthetic --videos 4 --clips 26
        tubelet data check synthetic/clips/train --decode

    An annotation file and its videos (`-o findings.json` writes what is found):

        tubelet data check synthetic/videos.json --videos synthetic/videos

    The status is 1 where there is an error; warnings may be meant so.
    """
    from tubelet.datasets.inspection import check_data

    with _progress() as progress:
        task = progress.add_task("look over", total=None)
        findings = check_data(
            *paths,
            format=format,
            videos=videos,
            decode=decode,
            examples=examples,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
            **_values(options),
        )
    Console().print(findings)
    if output is not None:
        findings.save(output)
    if findings.errors:
        raise typer.Exit(1)


def stats(
    path: Annotated[Path, typer.Argument(help="Annotation file, or a folder with a folder of videos for every class.")],
    subset: Annotated[str | None, typer.Option(help='Only the videos of this subset, such as "train".')] = None,
    format: FormatOption = None,
    options: OptionsOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for stats.json and the picture, stats.png.")
    ] = None,
) -> None:
    """Count what a data set holds, as papers report it: videos, instances, durations, overlap, the long tail.

    The long videos of the synthetic benchmark, as tables and as a picture:

        tubelet data synthetic synthetic --videos 4 --clips 26
        tubelet data stats synthetic/videos.json -o stats

    Any annotation that `tubelet data formats` lists can be counted.
    """
    from tubelet.annotations import AnnotationError, compute_statistics, read_annotations

    with _progress() as progress:
        progress.add_task("count", total=None)
        videos = read_annotations(path, format, **_values(options))
        if subset is not None:
            known = sorted({video.subset for video in videos if video.subset})
            videos = replace(videos, videos=tuple(video for video in videos if video.subset == subset))
            if not videos.videos:
                raise AnnotationError(f"{path} has no subset {subset!r}; expected one of {known}.")
        statistics = compute_statistics(videos)
    console = Console()
    console.print(statistics)
    if output is not None:
        _save_statistics(output, videos, statistics, path.name if subset is None else f"{path.name}, {subset}")
        console.print(f"written to {output}", soft_wrap=True, markup=False)


def formats() -> None:
    """List the formats of annotation, and what each takes beside the file.

    Pass these options as `-O frame_rate=25`; bold ones are needed.
    """
    from tubelet.annotations import FORMATS

    table = Table("name", "what it is", "file or folder", "options of reading", "options of writing", show_lines=True)
    table.columns[0].no_wrap = True
    for name, one in FORMATS.items():
        writing = "is not written" if one.write is None else _option_list(one.write)
        table.add_row(name, escape(one.title), escape(one.example), _option_list(one.read), writing)
    Console().print(table)


def convert(
    path: Annotated[Path, typer.Argument(help="Annotation file or folder.")],
    output: Annotated[Path, typer.Argument(help="File or folder to write.")],
    to: Annotated[str, typer.Option("--to", help="Format to write, a name of `tubelet data formats`.")],
    source: Annotated[str | None, typer.Option("--from", help="Format to read [recognised].")] = None,
    options: OptionsOption = None,
) -> None:
    """Turn annotations of one format into another, and say what the other cannot hold.

    The segments and tubes of the synthetic benchmark, for Label Studio:

        tubelet data synthetic synthetic --videos 4 --clips 26
        tubelet data convert synthetic/videos.json tasks.json --to label_studio

    An export of CVAT, as tubelet's own JSON:

        tubelet data convert cvat.xml train.json --to tubelet -O frame_rate=25
    """
    from tubelet.annotations import FORMATS, AnnotationError, read_annotations, recognise, write_annotations

    source = source or recognise(path)
    for name in (source, to):
        if name not in FORMATS:
            raise AnnotationError(f"there is no format {name!r}; {did_you_mean(name, FORMATS)}")
    write = FORMATS[to].write
    reading, writing = _options_of(FORMATS[source].read), {} if write is None else _options_of(write)
    given = _values(options)
    for key in given:
        if key not in reading and key not in writing:
            known = ", ".join(dict.fromkeys([*reading, *writing])) or "no options"
            raise AnnotationError(f"the option {key!r} was given; reading {source} and writing {to} take {known}.")
    console = Console()
    with _progress() as progress, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        progress.add_task("convert", total=None)
        videos = read_annotations(path, source, **_taken(given, reading))
        write_annotations(output, videos, to, **_taken(given, writing))
    console.print(f"{len(videos):,} videos from {source} to {to}: {output}", soft_wrap=True, markup=False)
    for warning in said:
        console.print(str(warning.message), soft_wrap=True, markup=False)


def _progress() -> Progress:
    return Progress(console=Console(stderr=True), transient=True)


def _values(options: list[str] | None) -> dict[str, Any]:
    """Options key=value as keywords; values are YAML, as in recipes."""
    values = {}
    for option in options or ():
        key, equals, text = option.partition("=")
        if not key or not equals:
            raise TubeletError(f"the option {option!r} is not of the form key=value, such as frame_rate=25.")
        try:
            values[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise TubeletError(f"the option {option!r}: {text!r} is not a YAML value.") from None
    return values


def _options_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """What a reader or writer takes beside the path and the set, without what its format has set already."""
    already = {"videos", *(function.keywords if isinstance(function, partial) else ())}
    _, *parameters = inspect.signature(function).parameters.items()
    return {name: parameter for name, parameter in parameters if name not in already}


def _taken(given: dict[str, Any], options: dict[str, inspect.Parameter]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key in options}


def _option_list(function: Callable[..., Any]) -> str:
    return ", ".join(
        f"[bold]{name}[/]" if parameter.default is parameter.empty else name
        for name, parameter in _options_of(function).items()
    )


def _save_statistics(folder: Path, videos: VideoSet, statistics: SetStatistics, title: str) -> None:
    import numpy as np

    from tubelet.annotations.text_files import write_text
    from tubelet.viewer.data_statistics import save_data_statistics

    folder_to_write(folder)
    figures = asdict(statistics) | {"instances_per_video": statistics.instances_per_video}
    write_text(folder / "stats.json", json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    occurring = {one.name: one.total for one in statistics.classes}
    instances = dict.fromkeys(videos.classes, 0) | occurring
    if not instances:
        return  # of a list of videos alone there is nothing to draw
    of_videos: list[tuple[Segment | Tube, ...]] = [(*video.segments, *video.tubes) for video in videos]
    durations = [one.end - one.start for actions in of_videos for one in actions if one.label in instances]
    per_video = [
        len(actions) or len(video.labels) or len(video.boxes) for video, actions in zip(videos, of_videos, strict=True)
    ]
    save_data_statistics(folder / "stats.png", instances, np.array(durations), np.array(per_video), title=title)
