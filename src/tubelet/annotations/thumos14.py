"""THUMOS'14: the kit's folder of annotations, the kit's text file of detections, and the json that papers use.

Jiang et al., THUMOS Challenge 2014. The folder has a file for each of the 20 classes and one for the moments that are
neither, ``Ambiguous_test.txt``; a line is ``video  start end``. A line of detections is ``video start end class score``
with the class's number among the 101 of UCF101. A segment called ``Ambiguous`` is no class: an evaluator that knows
such segments passes over detections there, all others leave them out.
"""

from collections import defaultdict
from collections.abc import Iterable

from tubelet.annotations.actions import AnnotationError, Segment, Video, VideoSet
from tubelet.annotations.activitynet import database_of, read_activitynet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.segment_rows import finite_number, segment_times
from tubelet.annotations.text_files import (
    PathLike,
    folder_files,
    is_folder,
    make_folder,
    read_lines,
    write_json,
    write_lines,
)

AMBIGUOUS = "Ambiguous"

THUMOS14_NUMBERS = {
    "BaseballPitch": 7,
    "BasketballDunk": 9,
    "Billiards": 12,
    "CleanAndJerk": 21,
    "CliffDiving": 22,
    "CricketBowling": 23,
    "CricketShot": 24,
    "Diving": 26,
    "FrisbeeCatch": 31,
    "GolfSwing": 33,
    "HammerThrow": 36,
    "HighJump": 40,
    "JavelinThrow": 45,
    "LongJump": 51,
    "PoleVault": 68,
    "Shotput": 79,
    "SoccerPenalty": 85,
    "TennisSwing": 92,
    "ThrowDiscus": 93,
    "VolleyballSpiking": 97,
}
"""The classes and their numbers among the 101 of UCF101, from 1."""

THUMOS14_CLASSES = tuple(THUMOS14_NUMBERS)


def read_thumos14(path: PathLike) -> VideoSet:
    """Read the kit's annotation.

    Args:
        path: the folder of ``<Class>_<subset>.txt``, or a tar archive of it.

    Returns:
        Videos by name with the subset of the files, "test" or "val"; the classes without Ambiguous, whose segments are
        there.

    Raises:
        AnnotationError: with file, line and value, where a file is not what was expected.
    """
    if not is_folder(path):
        raise AnnotationError(f"{path}: no such folder; expected one with <Class>_test.txt for 20 classes.")
    segments: dict[tuple[str, str], list[Segment]] = defaultdict(list)
    found = set()
    for file in folder_files(path):
        name, _, subset = file.stem.rpartition("_")
        if name not in THUMOS14_NUMBERS and name != AMBIGUOUS:
            continue  # the list of the classes, which the kit keeps in the same folder
        found.add(name)
        for number, line in read_lines(file, 'lines such as "video_test_0000004  0.2 1.1"'):
            video, *times = line.split()
            start, end = segment_times(f"{file}: line {number}", times)
            if end < start:
                raise AnnotationError(f"{file}: line {number} is {line!r}, which ends before it starts.")
            segments[video, subset].append(Segment(start, end, name))
    lacking = set(THUMOS14_NUMBERS) - found
    if lacking:
        raise AnnotationError(f"{path} has no file for the class {min(lacking)}; expected one for each of 20 classes.")
    videos = (Video(name, subset=subset, segments=tuple(segments[name, subset])) for name, subset in sorted(segments))
    return VideoSet(tuple(videos), THUMOS14_CLASSES)


def write_thumos14(path: PathLike, videos: VideoSet) -> None:
    """Write the kit's annotation into a folder: a file for each class, and for Ambiguous where there is such a segment.

    Raises:
        AnnotationError: when a video has no subset, or a label is neither a class nor Ambiguous.
    """
    report_losses(path, videos, "segments")
    lines: dict[str, list[str]] = {}
    for subset in sorted({video.subset or "" for video in videos}):
        lines |= {f"{name}_{subset}.txt": [] for name in THUMOS14_CLASSES}
    for video in videos:
        if not video.subset:
            raise AnnotationError(f"{video.path} has no subset; the kit's files are called after it.")
        for segment in video.segments:
            _check_label(video, segment)
            file = lines.setdefault(f"{segment.label}_{video.subset}.txt", [])
            file.append(f"{video.path}  {segment.start} {segment.end}")
    folder = make_folder(path)
    for name, rows in lines.items():
        write_lines(folder / name, rows)


def read_thumos14_detections(path: PathLike) -> VideoSet:
    """Read the kit's text file of detections; may be gzipped, and videos may be called by their files, ``.mp4``.

    Raises:
        AnnotationError: with file, line and value, where a line is not ``video start end class score``.
    """
    segments: dict[str, list[Segment]] = defaultdict(list)
    names = {str(number): name for name, number in THUMOS14_NUMBERS.items()}
    for number, line in read_lines(path, 'lines such as "video_test_0000004 0.2 1.1 23 0.9"'):
        where, cells = f"{path}: line {number}", line.split()
        if len(cells) != 5:
            raise AnnotationError(f'{where} is {line!r}; expected "video start end class score".')
        start, end = segment_times(where, cells[1:3])
        if end < start:
            raise AnnotationError(f"{where} is {line!r}, which ends before it starts.")
        if cells[3] not in names:
            raise AnnotationError(f"{where} has the class {cells[3]!r}; expected one of {', '.join(names)}.")
        score = finite_number(where, "score", cells[4])
        segments[cells[0].removesuffix(".mp4")].append(Segment(start, end, names[cells[3]], score))
    videos = (Video(name, segments=tuple(found)) for name, found in segments.items())
    return VideoSet(tuple(videos), THUMOS14_CLASSES)


def write_thumos14_detections(path: PathLike, videos: VideoSet) -> None:
    """Write the kit's text file of detections.

    Raises:
        AnnotationError: when a segment has no score, or its label is not a class of THUMOS'14.
    """
    report_losses(path, videos, "segments", scores=True)
    write_lines(path, (line for video in videos for line in _detection_lines(video)))


def read_thumos14_json(path: PathLike) -> VideoSet:
    """Read ``thumos_gt.json`` or another json in ActivityNet's layout, with the classes of THUMOS'14 in their order."""
    return read_activitynet(path, classes=THUMOS14_CLASSES)


def write_thumos14_json(path: PathLike, videos: VideoSet) -> None:
    """Write ``thumos_gt.json``, whose segments are strings; the Ambiguous ones are not in it.

    Raises:
        AnnotationError: when a label is neither a class of THUMOS'14 nor Ambiguous.
    """
    report_losses(path, videos, "segments")
    for video in videos:
        for segment in video.segments:
            _check_label(video, segment)
    database = database_of(videos)
    for entry in database.values():
        entry["annotations"] = [
            annotation | {"segment": [str(time) for time in annotation["segment"]]}
            for annotation in entry["annotations"]
            if annotation["label"] != AMBIGUOUS
        ]
    write_json(path, {**videos.extra, "database": database})


def _check_label(video: Video, segment: Segment) -> None:
    if segment.label not in THUMOS14_NUMBERS and segment.label != AMBIGUOUS:
        raise AnnotationError(f"{video.path} has the label {segment.label!r}; expected a class of THUMOS'14.")


def _detection_lines(video: Video) -> Iterable[str]:
    for segment in video.segments:
        if segment.score is None or segment.label not in THUMOS14_NUMBERS:
            raise AnnotationError(
                f"{video.path} has a segment {segment.label!r} with the score {segment.score}; "
                "expected a class of THUMOS'14 and a score."
            )
        number = THUMOS14_NUMBERS[segment.label]
        yield f"{video.path} {segment.start} {segment.end} {number} {segment.score}"
