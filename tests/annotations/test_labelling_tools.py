"""Files of labelling tools: what they mean, that they come back, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tubelet.annotations import AnnotationError, Box, Label, Segment, Tube, Video, VideoSet
from tubelet.annotations.coco_video import read_coco_video, write_coco_video
from tubelet.annotations.cvat import read_cvat, write_cvat
from tubelet.annotations.label_studio import read_label_studio, write_label_studio
from tubelet.annotations.losses import LossWarning
from tubelet.annotations.via3 import read_via3, write_via3

CVAT = """<?xml version="1.0"?>
<annotations><version>1.1</version>
<meta><task><size>10</size><labels><label><name>run</name></label></labels>
<original_size><width>100</width><height>200</height></original_size><source>a.mp4</source></task></meta>
<track id="3" label="run">
<box frame="0" keyframe="1" outside="0" xtl="0" ytl="0" xbr="10" ybr="20"><attribute name="pace">slow</attribute></box>
<box frame="4" keyframe="1" outside="0" xtl="40" ytl="0" xbr="50" ybr="20"><attribute name="pace">fast</attribute></box>
<box frame="6" keyframe="1" outside="1" xtl="40" ytl="0" xbr="50" ybr="20"/>
</track>
<image id="2" name="f" width="100" height="200"><tag label="jump"/></image>
<image id="3" name="f" width="100" height="200"><tag label="jump"/></image>
</annotations>"""


def cvat(folder: Path, text: str = CVAT, **options: str) -> Video:
    (folder / "a.xml").write_text(text)
    return read_cvat(folder / "a.xml", frame_rate=10.0, **options).videos[0]


def test_cvat_moves_boxes_evenly_between_keyframes_until_the_object_leaves(tmp_path: Path) -> None:
    (tube,) = cvat(tmp_path).tubes
    assert tube.times.tolist() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert tube.boxes[:, 0].tolist() == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4, 0.4])
    assert (tube.label, tube.actor) == ("run", "3")


def test_cvat_tags_on_neighbouring_frames_are_a_segment(tmp_path: Path) -> None:
    assert cvat(tmp_path).segments == (Segment(0.2, 0.4, "jump"),)


def test_cvat_cuts_a_track_where_the_attribute_changes(tmp_path: Path) -> None:
    tubes = cvat(tmp_path, attribute="pace").tubes
    assert [(tube.label, tube.start, tube.end) for tube in tubes] == [("slow", 0.0, 0.3), ("fast", 0.4, 0.5)]


def test_cvat_keeps_an_object_to_the_end_when_nothing_says_that_it_left(tmp_path: Path) -> None:
    (tube,) = cvat(tmp_path, CVAT.replace('outside="1"', 'outside="0"')).tubes
    assert tube.end == 0.9


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('xbr="10"', 'xbr="-10"', r"line 6 .*left <= right"),
        ('xbr="50"', 'xbr="150"', r"line 7 .*inside the frame of 100 x 200"),
        ('ytl="0"', 'ytl="nan"', r"line 6 has the ytl 'nan'"),
        ('frame="4"', 'frame="0"', r"line 5 .*do not ascend"),
        ("</task>", "<frame_filter>all</frame_filter></task>", "line 4 has the frame_filter 'all'; expected step="),
        ("</annotations>", "", "is not XML"),
        ('<?xml version="1.0"?>', '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "b">]>', "line 1 has a DOCTYPE"),
        ("<annotations>", "<labels><annotations>", "is not XML"),
    ],
)
def test_cvat_refuses_what_cannot_be(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        cvat(tmp_path, CVAT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "</annotations>",
            '<track id="4" label="run"><polygon frame="0"/></track></annotations>',
            "left out: 1 polygon track",
        ),
        (
            "</annotations>",
            '<tag label="jump" frame="1"/><tag label="run" frame="1"/></annotations>',
            "left out: 2 tags outside of images",
        ),
        ('<tag label="jump"/></image>', '<box label="run"/></image>', "left out: 1 single box shape"),
        ('xtl="40"', 'xtl="40" rotation="30.0"', "read as if upright: 1 turned box"),
    ],
)
def test_what_of_cvat_is_not_read_as_it_stands_is_counted(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.warns(LossWarning, match=rf"a\.xml: {message}\."):
        cvat(tmp_path, CVAT.replace(old, new, 1))


def every_fifth(text: str) -> str:
    """Ten frames of a video from its frame 50 on, of every five the first."""
    task = "<start_frame>50</start_frame><stop_frame>95</stop_frame><frame_filter>step=5</frame_filter></task>"
    for old, new in ((f'{name}="{n}"', f'{name}="{50 + 5 * n}"') for name in ("frame", "id") for n in (0, 2, 3, 4, 6)):
        text = text.replace(old, new)
    return text.replace("</task>", task)


def test_cvat_counts_the_frames_of_the_video_where_the_task_has_some_of_them(tmp_path: Path) -> None:
    video = cvat(tmp_path, every_fifth(CVAT))
    assert (video.num_frames, video.duration) == (96, 9.6)
    assert (video.tubes[0].start, video.tubes[0].end) == (5.0, 7.9)
    assert video.segments == (Segment(6.0, 7.0, "jump"),)


def test_cvat_keeps_an_object_to_the_end_of_the_part_that_the_task_has(tmp_path: Path) -> None:
    (tube,) = cvat(tmp_path, every_fifth(CVAT.replace('outside="1"', 'outside="0"'))).tubes
    assert tube.end == 9.5


def test_a_cvat_export_of_several_tasks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="has 2 tasks; expected one"):
        cvat(tmp_path, CVAT.replace("</task>", "</task><task/>"))


def test_entities_that_expand_without_end_are_refused_before_they_do(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    with pytest.raises(AnnotationError, match="DOCTYPE"):
        cvat(tmp_path, f'<!DOCTYPE x [<!ENTITY l0 "lol">{entities}]><annotations>&l9;</annotations>')


def task(sequence: list[dict[str, object]]) -> list[dict[str, object]]:
    rectangle = {"framesCount": 10, "duration": 1.0, "sequence": sequence, "labels": ["run"]}
    spans = {"ranges": [{"start": 3, "end": 5}], "timelinelabels": ["jump"]}
    results = [
        {"id": "a", "type": "videorectangle", "value": rectangle},
        {"id": "b", "type": "timelinelabels", "value": spans},
        {"id": "c", "type": "choices", "value": {"choices": ["sport"]}},
    ]
    return [{"id": 1, "data": {"video": "a.mp4"}, "annotations": [{"result": results}]}]


def key(frame: int, x: float, enabled: bool = True, **more: float) -> dict[str, object]:
    return {"frame": frame, "x": x, "y": 0, "width": 10, "height": 20, "enabled": enabled, **more}


def label_studio(folder: Path, content: object) -> Video:
    (folder / "a.json").write_text(json.dumps(content))
    return read_label_studio(folder / "a.json").videos[0]


def test_label_studio_counts_frames_from_1_with_both_ends(tmp_path: Path) -> None:
    video = label_studio(tmp_path, task([key(1, 0), key(3, 20, enabled=False), key(9, 50)]))
    assert video.segments == (Segment(0.2, 0.5, "jump"),)
    assert video.labels == (Label("sport"),)
    first, second = video.tubes
    assert first.boxes[:, 0].tolist() == pytest.approx([0.0, 0.1, 0.2])
    assert second.times.tolist() == [0.8, 0.9]  # it is not ended: it stays to the last of the 10 frames


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        ([key(1, 0, width=-5)], "left <= right"),
        ([key(1, 95)], "inside the frame"),
        ([key(1, 0, rotation=12)], "rotation 0"),
        ([{"frame": 1}], "not laid out"),
    ],
)
def test_label_studio_refuses_what_cannot_be(tmp_path: Path, sequence: list, message: str) -> None:
    with pytest.raises(AnnotationError, match=f"task 1, result a.*{message}"):
        label_studio(tmp_path, task(sequence))


def test_label_studio_needs_a_frame_rate_for_segments_alone(tmp_path: Path) -> None:
    content = task([])
    del content[0]["annotations"][0]["result"][0]  # type: ignore[index]
    with pytest.raises(AnnotationError, match="pass frame_rate"):
        label_studio(tmp_path, content)


def test_youtube_vis_tracks_have_a_box_or_null_a_frame(tmp_path: Path) -> None:
    content = {
        "videos": [{"id": 1, "file_names": ["a/0.jpg"], "width": 100, "height": 100, "length": 3, "fps": 10}],
        "categories": [{"id": 7, "name": "run"}],
        "annotations": [{"id": 5, "video_id": 1, "category_id": 7, "bboxes": [[0, 0, 50, 20], None, [10, 0, 50, 20]]}],
    }
    (tmp_path / "a.json").write_text(json.dumps(content))
    (tube,) = read_coco_video(tmp_path / "a.json").videos[0].tubes
    assert tube.times.tolist() == [0.0, 0.2]
    assert tube.boxes.tolist() == [[0.0, 0.0, 0.5, 0.2], [0.1, 0.0, 0.6, 0.2]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"category_id": 9}, "has the category 9"),
        ({"bbox": [0, 0, 500, 5]}, "frame 0 .*inside the frame"),
        ({"bbox": [0, 0, -5, 5]}, "left <= right"),
        ({"bbox": [0, 0, 5]}, "expected x, y, width, height"),
        ({"image_id": 3}, "image 3"),
    ],
)
def test_coco_refuses_what_cannot_be(tmp_path: Path, change: dict, message: str) -> None:
    annotation = {"id": 5, "image_id": 1, "category_id": 7, "bbox": [0, 0, 5, 5]} | change
    content = {
        "videos": [{"id": 1, "name": "a.mp4", "width": 100, "height": 100, "fps": 10}],
        "images": [{"id": 1, "video_id": 1, "frame_index": 0}],
        "categories": [{"id": 7, "name": "run"}],
        "annotations": [annotation],
    }
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(AnnotationError, match=rf"^\S+a\.json: annotation 5.*{message}"):
        read_coco_video(tmp_path / "a.json")


def test_truncated_json_is_refused(tmp_path: Path) -> None:
    for read in (read_coco_video, read_label_studio, read_via3):
        (tmp_path / "a.json").write_text('[{"id": 1')
        with pytest.raises(AnnotationError, match="line 1 is not JSON"):
            read(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"1": "0"', '"1": "9"', "option '9'"),
        ("[2, 10.0, 20.0, 30.0, 40.0]", "[2, 10.0, 20.0, 300.0, 40.0]", "inside the frame"),
        ("[2, 10.0, 20.0, 30.0, 40.0]", "[3, 10.0, 20.0, 30.0]", "expected a segment, a rectangle"),
    ],
)
def test_via3_refuses_what_cannot_be(tmp_path: Path, old: str, new: str, message: str) -> None:
    video = Video("a.mp4", width=100, height=100, boxes=(Box(0.5, (0.1, 0.2, 0.4, 0.6), "run"),))
    write_via3(tmp_path / "a.json", VideoSet((video,), ("run",)))
    project = json.loads((tmp_path / "a.json").read_text())
    text = json.dumps(project).replace("30.000000000000004", "30.0").replace(old, new)
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(AnnotationError, match=f"metadata .*{message}"):
        read_via3(tmp_path / "a.json", sizes=(100, 100))


def via3_project(folder: Path, *metadata: tuple[list[float], list[float], dict[str, str]]) -> Path:
    """A project with VIA's attribute of segments, one of two actions and one of text."""
    attribute = {
        "1": {"aname": "TEMPORAL-SEGMENTS", "options": {"default": "Default", "jump": "jump"}},
        "2": {"aname": "action", "options": {"0": "run", "1": "sit"}},
        "3": {"aname": "note"},
    }
    entries = {str(i): {"vid": "1", "z": z, "xy": xy, "av": av} for i, (z, xy, av) in enumerate(metadata)}
    files = {"file": {"1": {"fname": "a.mp4"}}, "view": {"1": {"fid_list": ["1"]}}}
    (folder / "a.json").write_text(json.dumps({"attribute": attribute, "metadata": entries, **files}))
    return folder / "a.json"


@pytest.mark.parametrize("attribute", [None, "action"])
def test_via3_reads_each_kind_by_the_attribute_that_it_has_values_of(tmp_path: Path, attribute: str | None) -> None:
    jump, box = ([1.5, 3.25], [], {"1": "jump"}), ([2.0], [2, 0, 0, 50, 50], {"2": "0", "3": ""})
    videos = read_via3(via3_project(tmp_path, jump, box), attribute=attribute, sizes=(100, 100))
    assert videos.videos[0].segments == (Segment(1.5, 3.25, "jump"),)
    assert videos.videos[0].boxes == (Box(2.0, (0.0, 0.0, 0.5, 0.5), "run"),)
    assert videos.classes == ("Default", "jump", "run", "sit")


def test_via3_needs_the_attribute_where_segments_have_values_of_several(tmp_path: Path) -> None:
    path = via3_project(tmp_path, ([1, 2], [], {"1": "jump", "2": "1"}), ([3, 4], [], {"2": "0"}))
    with pytest.raises(AnnotationError, match=r"values of \['TEMPORAL-SEGMENTS', 'action'\] for its segments"):
        read_via3(path)
    assert [segment.label for segment in read_via3(path, attribute="action").videos[0].segments] == ["sit", "run"]
    with pytest.raises(AnnotationError, match="metadata '1' has no value of the attribute"):
        read_via3(path, attribute="TEMPORAL-SEGMENTS")


CLASSES = ("jump", "run")


@st.composite
def video_sets(draw: st.DrawFn) -> VideoSet:
    """A video of 50 frames with tubes and segments on whole frames; segments of one class do not touch."""
    tubes = []
    for _ in range(draw(st.integers(1, 3))):
        first = draw(st.integers(0, 40))
        frames = np.arange(first, draw(st.integers(first + 1, 50)))
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        boxes = np.sort(rng.random((len(frames), 2, 2)), axis=1).reshape(-1, 4)
        tubes.append(Tube(frames / 25.0, boxes, draw(st.sampled_from(CLASSES))))
    start, end = sorted(draw(st.tuples(st.integers(0, 24), st.integers(25, 49))))
    segments = (Segment(start / 25.0, end / 25.0, draw(st.sampled_from(CLASSES))),)
    labels = (Label("run"),) if segments[0].label == "jump" else ()
    video = Video("a.mp4", 2.0, 25.0, 640, 360, 50, labels=labels, segments=segments, tubes=tuple(tubes))
    return VideoSet((video,), CLASSES)


def same_tubes(one: Video, other: Video) -> bool:
    def order(tube: Tube) -> tuple[object, ...]:
        return tube.label, tube.start, *tube.boxes[0].round(4)

    pairs = zip(sorted(one.tubes, key=order), sorted(other.tubes, key=order), strict=True)
    return all(
        a.label == b.label and np.array_equal(a.times, b.times) and np.allclose(a.boxes, b.boxes, atol=1e-6)
        for a, b in pairs
    )


@settings(max_examples=25, deadline=None)
@given(videos=video_sets())
@pytest.mark.parametrize(
    ("write", "read"),
    [
        (write_cvat, lambda path: read_cvat(path, frame_rate=25.0)),
        (write_label_studio, read_label_studio),
        (write_coco_video, read_coco_video),
    ],
    ids=["cvat", "label_studio", "coco"],
)
def test_tubes_come_back(tmp_path_factory, write: Callable, read: Callable, videos: VideoSet) -> None:
    path = tmp_path_factory.mktemp("tools") / "file"
    write(path, videos)
    assert same_tubes(read(path).videos[0], videos.videos[0])


@settings(max_examples=25, deadline=None)
@given(videos=video_sets())
@pytest.mark.parametrize(
    ("write", "read"),
    [
        (write_cvat, lambda path: read_cvat(path, frame_rate=25.0)),
        (write_label_studio, read_label_studio),
        (write_via3, lambda path: read_via3(path, sizes=(640, 360))),
    ],
    ids=["cvat", "label_studio", "via3"],
)
def test_segments_and_labels_come_back(tmp_path_factory, write: Callable, read: Callable, videos: VideoSet) -> None:
    path = tmp_path_factory.mktemp("tools") / "file"
    write(path, videos)
    video = read(path).videos[0]
    assert (video.segments, video.labels) == (videos.videos[0].segments, videos.videos[0].labels)
