"""What is told of a set, by hand on a small one and by the data-set facts on the real ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tubelet.annotations import Box, Label, Segment, Tube, Video, VideoSet
from tubelet.annotations.bsn import read_bsn
from tubelet.annotations.charades import read_charades_json
from tubelet.annotations.epic_kitchens import read_epic_kitchens
from tubelet.annotations.multithumos import read_multithumos
from tubelet.annotations.segment_rows import KEY
from tubelet.annotations.statistics import ClassCounts, compute_statistics
from tubelet.annotations.thumos14 import read_thumos14

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "annotations"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the real annotation files are not here")

SMALL = VideoSet(
    (
        Video(
            "a",
            duration=20.0,
            segments=(
                Segment(0.0, 4.0, "run"),
                Segment(3.0, 5.0, "jump"),  # shares a second with the first
                Segment(5.0, 6.0, "run"),  # shares only a moment with the second
                Segment(8.0, 8.0, "run"),  # has no length
                Segment(18.0, 21.0, "jump"),  # ends after the video
                Segment(0.0, 20.0, "Ambiguous"),
            ),
        ),
        Video("b", duration=10.0, frame_rate=10.0, tubes=(Tube(np.arange(5) / 10, np.zeros((5, 4)), "run"),)),
        Video("c", boxes=(Box(1.0, (0, 0, 1, 1), "wave"),)),
        Video("d", labels=(Label("run"),)),
        Video("e"),
    ),
    ("run", "jump", "wave", "never"),
)


@pytest.fixture
def small():
    return compute_statistics(SMALL)


def test_videos_and_instances_are_counted(small):
    assert (small.videos, small.empty_videos, small.instances, small.other_instances) == (5, 1, 6, 1)
    assert small.instances_per_video == 6 / 5


def test_instances_overlap_when_they_share_more_than_a_moment(small):
    assert small.overlapping == 2 / 6


def test_instances_without_length_and_after_the_video_are_counted(small):
    assert (small.zero_length, small.late) == (1, 1)


def test_durations_are_those_of_the_instances_with_the_tubes_last_frame(small):
    durations = small.instance_durations  # 4, 2, 1, 0, 3 and half a second
    assert (durations.count, durations.minimum, durations.maximum) == (6, 0.0, 4.0)
    assert durations.mean == pytest.approx(10.5 / 6)
    assert durations.histogram == (1, 1, 1, 3, 0, 0, 0, 0, 0, 0)


def test_the_classes_that_occur_are_sorted_by_how_often(small):
    assert small.classes == (
        ClassCounts("run", videos=3, segments=3, tubes=1, boxes=5),
        ClassCounts("jump", videos=1, segments=2, tubes=0, boxes=0),
        ClassCounts("wave", videos=1, segments=0, tubes=0, boxes=1),
    )
    assert small.boxes == 6


def test_where_a_set_names_no_classes_every_label_is_one():
    assert compute_statistics(replace(SMALL, classes=())).other_instances == 0


def test_an_empty_set_has_figures_too():
    empty = compute_statistics(VideoSet(()))
    assert (empty.videos, empty.instances_per_video, empty.overlapping, empty.instance_durations.mean) == (
        0,
        0,
        None,
        None,
    )


def test_the_figures_print_as_tables(small):
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(small)
    text = console.export_text()
    assert "33.3%" in text
    assert "120 or more" in text
    assert "wave" in text


SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted), min_size=1, max_size=12)


@given(SPANS)
def test_the_share_of_overlapping_instances_is_that_of_all_pairs(spans):
    segments = tuple(Segment(start, end, "run") for start, end in spans)
    expected = sum(
        any(min(one.end, other.end) > max(one.start, other.start) for j, other in enumerate(segments) if j != i)
        for i, one in enumerate(segments)
    )
    assert compute_statistics(VideoSet((Video("a", segments=segments),))).overlapping == expected / len(segments)


@real
def test_thumos14_has_the_known_figures():
    parts = [read_thumos14(SHARED / "thumos14" / f"toolkit_annotation_{subset}.tar.gz") for subset in ("test", "val")]
    figures = compute_statistics(VideoSet(tuple(video for part in parts for video in part), parts[0].classes))
    durations = figures.instance_durations
    assert (figures.videos, figures.instances, figures.other_instances) == (413, 3358 + 3007, 99 + 89)
    assert (round(durations.mean, 2), round(durations.minimum, 1), round(durations.maximum, 1)) == (4.27, 0.2, 118.1)
    assert len(figures.classes) == 20


@real
def test_activitynet_has_the_known_figures():
    figures = compute_statistics(read_bsn(SHARED / "activitynet" / "anet_anno_action.json.gz"))
    assert (figures.instances, figures.zero_length, figures.late) == (14859 + 7293, 12, 215)
    # Published: about 49.5 s a video's instance, 118 s a video, over more videos than the file has.
    assert figures.instance_durations.mean == pytest.approx(49.5, abs=0.3)
    assert figures.video_durations.mean == pytest.approx(118, abs=1.5)


@real
@pytest.mark.filterwarnings("ignore::tubelet.annotations.segment_rows.ReversedSegmentsWarning")
@pytest.mark.parametrize(
    ("subset", "videos", "empty", "instances", "late", "mean"),
    [("training", 7983, 174, 49803, 14593, 12.9), ("testing", 1863, 49, 16691, 5027, 12.3)],
)
def test_charades_has_the_known_figures(subset, videos, empty, instances, late, mean):
    found = read_charades_json(SHARED / "charades" / "charades.json.gz")
    part = tuple(video for video in found if video.subset == subset)
    figures = compute_statistics(VideoSet(part, found.classes))
    # The facts count reversed segments too: seven in training, of which five end after their video.
    rows = [(video, row) for video in part for _, row in video.extra.get(KEY, ())]
    reversed_late = sum(row[2] > video.duration for video, row in rows)
    assert (figures.videos, figures.empty_videos) == (videos, empty)
    assert (figures.instances + len(rows), figures.late + reversed_late) == (instances, late)
    assert figures.instance_durations.mean == pytest.approx(mean, abs=0.05)


@real
@pytest.mark.parametrize(("subset", "instances", "mean"), [("training", 18482, 3.4), ("testing", 20208, 3.8)])
def test_multithumos_has_the_known_figures(subset, instances, mean):
    found = read_multithumos(SHARED / "multithumos" / "multithumos.json.gz")
    figures = compute_statistics(replace(found, videos=tuple(v for v in found if v.subset == subset)))
    assert (figures.instances, len(figures.classes)) == (instances, 65)
    assert figures.instance_durations.mean == pytest.approx(mean, abs=0.05)


@real
def test_epic_kitchens_has_the_known_figures():
    figures = compute_statistics(read_epic_kitchens(SHARED / "epic100" / "EPIC_100_validation.csv.gz"))
    durations = figures.instance_durations
    assert (figures.videos, figures.instances, len(figures.classes)) == (138, 9668, 1352)
    assert (round(durations.mean, 2), durations.minimum, round(durations.maximum)) == (3.68, 0.5, 147)


def test_a_class_counts_each_video_that_has_it_once():
    twice = Video("a.mp4", segments=(Segment(0, 1, "jump"), Segment(2, 3, "jump")), labels=(Label("run"),))
    boxes = Video("b.mp4", boxes=(Box(0.0, (0, 0, 1, 1), "jump"),))
    jump, run = compute_statistics(VideoSet((twice, boxes), ("jump", "run"))).classes
    assert (jump.name, jump.videos, jump.segments, jump.boxes) == ("jump", 2, 2, 1)
    assert (run.name, run.videos, run.total) == ("run", 1, 1)
