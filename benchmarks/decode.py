"""Random 16-frame clips at stride 4 from real videos: tubelet against decord and torchcodec, one thread each.

    python benchmarks/decode.py [FOLDER] [--clips 8] [--repeats 3]

A clip is opened, decoded to RGB and closed, as a data loader does it; times are CPU seconds. The limit is a raw
sequential decode of what a clip needs, from its key frame to its last frame, without listing packets and without RGB;
a reader passes it only by leaving out frames that no other frame is predicted from.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from rich.console import Console
from rich.table import Table

from tubelet.video import VideoError, VideoReader, VideoWarning
from tubelet.video.sampling import pretrain_clip_train

Clip = np.ndarray
Read = Callable[[Path, Clip], object]


def tubelet(path: Path, clip: Clip) -> np.ndarray:
    with VideoReader(path) as reader:
        return reader.frames(clip)


def decord(path: Path, clip: Clip) -> np.ndarray:
    import decord

    return decord.VideoReader(str(path), num_threads=1).get_batch(clip).asnumpy()


def torchcodec(path: Path, clip: Clip) -> np.ndarray:
    from torchcodec.decoders import VideoDecoder

    decoder = VideoDecoder(str(path), stream_index=0, num_ffmpeg_threads=1, dimension_order="NHWC")
    return decoder.get_frames_at(clip.tolist()).data.numpy()


def limit(path: Path, clip: Clip) -> None:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        first, last = (int(number / stream.average_rate / stream.time_base) for number in (clip[0], clip[-1]))
        container.seek(first, stream=stream)
        for frame in container.decode(stream):
            if frame.pts >= last:
                break


def cpu_seconds(read: Read, path: Path, clips: list[Clip], repeats: int) -> float:
    """Seconds a clip, the best of several runs; NaN where the reader cannot read the video."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        try:
            for clip in clips:
                read(path, clip)
        except Exception:
            return float("nan")
        best = min(best, time.process_time() - start)
    return best / len(clips)


def readable_lengths(folder: Path) -> dict[Path, tuple[str, int]]:
    """The intact videos of a folder that hold a clip: description and number of frames."""
    videos = {}
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        try:
            with VideoReader(path) as reader:
                if len(reader) >= 16 and sum(1 for _ in reader) == len(reader):
                    data = reader.metadata
                    videos[path] = (f"{data.codec} {data.width}x{data.height}", len(reader))
        except (VideoError, VideoWarning) as error:
            print(f"left out: {error}")
    return videos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[2] / "shared" / "data" / "videos"
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--clips", type=int, default=8, help="clips of every video")
    parser.add_argument("--repeats", type=int, default=3, help="the best of so many runs counts")
    arguments = parser.parse_args()
    av.logging.set_level(None)
    warnings.simplefilter("error", VideoWarning)

    videos = readable_lengths(arguments.folder)
    reads: dict[str, Read] = {"tubelet": tubelet, "limit": limit}
    for peer in (decord, torchcodec):
        try:
            peer(next(iter(videos)), np.arange(1))
        except Exception as error:
            print(f"{peer.__name__} is left out: {str(error).splitlines()[0]}")
        else:
            reads[peer.__name__] = peer

    table = Table(title="CPU milliseconds a clip of 16 frames at stride 4, and tubelet's speed against the others'")
    for column in ("video", *reads, *(f"against {name}" for name in [*reads][1:])):
        table.add_column(column, justify="left" if column == "video" else "right")
    rng = np.random.default_rng(0)
    rows = []
    for path, (description, count) in videos.items():
        clips = [pretrain_clip_train(count, 16, 4, rng) for _ in range(arguments.clips)]
        times = np.array([cpu_seconds(read, path, clips, arguments.repeats) * 1e3 for read in reads.values()])
        rows.append(times)
        cells = [f"{value:.1f}" for value in times] + [f"{value:.2f}" for value in times[1:] / times[0]]
        table.add_row(f"{path.name} [dim]{description}, {count}[/dim]", *cells)
    measured = np.array(rows)
    both = np.isfinite(measured)
    totals = np.array([(measured[both[:, i], i].sum(), measured[both[:, i], 0].sum()) for i in range(len(reads))])
    table.add_section()
    ratios = [f"[bold]{other / ours:.2f}[/bold]" for other, ours in totals[1:]]
    table.add_row("all (each ratio over the videos that both read)", *(f"{t:.1f}" for t, _ in totals), *ratios)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
