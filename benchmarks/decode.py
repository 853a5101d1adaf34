"""Random 16-frame clips at stride 4 from real videos: tubelet against decord and torchcodec, one thread each.

    python benchmarks/decode.py [FOLDER] [--clips 8] [--repeats 3]

A clip is opened, decoded to RGB and closed, as a data loader does it. The limit is a raw sequential decode of the same
files without conversion to RGB: no reader that needs every frame of a group of pictures can pass it. "Needed" is that
decode cut to the frames between a clip's key frame and its last frame, a clip's own floor where every frame is a
reference.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import av
import numpy as np
from rich.console import Console
from rich.table import Table

from tubelet.video import VideoError, VideoReader, VideoWarning
from tubelet.video.sampling import pretrain_clip_train

Clip = np.ndarray
Reader = Callable[[Path, Clip], np.ndarray]


def tubelet(path: Path, clip: Clip) -> np.ndarray:
    with VideoReader(path) as reader:
        return reader.frames(clip)


def decord(path: Path, clip: Clip) -> np.ndarray:
    import decord

    return decord.VideoReader(str(path), num_threads=1).get_batch(clip).asnumpy()


def torchcodec(path: Path, clip: Clip) -> np.ndarray:
    from torchcodec.decoders import VideoDecoder

    decoder = VideoDecoder(str(path), num_ffmpeg_threads=1, dimension_order="NHWC", seek_mode="exact")
    return decoder.get_frames_at(clip.tolist()).data.numpy()


def read_all(reader: Reader, path: Path, clips: list[Clip]) -> None:
    for clip in clips:
        reader(path, clip)


def sequential(path: Path) -> int:
    """Decode every frame, converting none."""
    count = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            count += 1
    return count


def seconds(function: Callable[[], object], repeats: int) -> float:
    """The best of several runs."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best


def available(path: Path) -> dict[str, Reader]:
    readers: dict[str, Reader] = {"tubelet": tubelet}
    for reader in (decord, torchcodec):
        try:
            reader(path, np.arange(1))
        except Exception as error:
            print(f"{reader.__name__} is left out: {str(error).splitlines()[0]}")
        else:
            readers[reader.__name__] = reader
    return readers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[2] / "shared" / "data" / "videos"
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--clips", type=int, default=8, help="clips of every video")
    parser.add_argument("--repeats", type=int, default=3, help="the best of so many runs counts")
    arguments = parser.parse_args()
    av.logging.set_level(None)
    warnings.simplefilter("error", VideoWarning)

    paths = sorted(path for path in arguments.folder.iterdir() if path.is_file())
    videos = {}
    for path in paths:
        try:
            with VideoReader(path) as reader:
                if len(reader) >= 16 and sum(1 for _ in reader) == len(reader):
                    videos[path] = reader.metadata
        except (VideoError, VideoWarning) as error:
            print(error)
    readers = available(next(iter(videos)))

    rng = np.random.default_rng(0)
    table = Table(title="milliseconds a clip of 16 frames at stride 4, one thread; ratios are speeds against tubelet")
    table.add_column("video")
    for name in readers:
        table.add_column(name, justify="right")
    for name in [*readers][1:]:
        table.add_column(f"tubelet / {name}", justify="right")
    table.add_column("whole video, raw", justify="right")
    totals = dict.fromkeys([*readers, "raw"], 0.0)
    shared = {name: [0.0, 0.0] for name in readers}
    for path, metadata in videos.items():
        clips = [pretrain_clip_train(metadata.num_frames, 16, 4, rng) for _ in range(arguments.clips)]
        times: dict[str, float] = {}
        for name, reader in readers.items():
            try:
                times[name] = seconds(partial(read_all, reader, path, clips), arguments.repeats) / len(clips)
            except Exception:
                times[name] = float("nan")
        raw = seconds(partial(sequential, path), arguments.repeats)
        for name, value in times.items():
            if np.isfinite(value):
                totals[name] += value
                shared[name][0] += times["tubelet"]
                shared[name][1] += value
        totals["raw"] += raw
        ratios = [f"{times[name] / times['tubelet']:.2f}" for name in [*readers][1:]]
        size = f"{metadata.codec} {metadata.width}x{metadata.height}, {metadata.num_frames}"
        table.add_row(
            f"{path.name} [dim]({size})", *(f"{times[n] * 1e3:.1f}" for n in readers), *ratios, f"{raw * 1e3:.1f}"
        )
    table.add_section()
    ratios = [f"[bold]{shared[name][1] / shared[name][0]:.2f}" for name in [*readers][1:]]
    table.add_row("all", *(f"{totals[n] * 1e3:.1f}" for n in readers), *ratios, f"{totals['raw'] * 1e3:.1f}")
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
