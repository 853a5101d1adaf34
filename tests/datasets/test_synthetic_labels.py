"""Labels of the synthetic benchmark are exact: boxes tight around the drawn actor, segments exact to the frame."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tubelet.datasets.synthetic import CLASSES, Actor, Scene, clip_scene, synthetic_video
from tubelet.datasets.synthetic.actors import Range
from tubelet.datasets.synthetic.rendering import Background
from tubelet.datasets.synthetic.shapes import SHAPES, Figure

BLACK = Background(np.zeros((3, 16, 16), np.float32), (0.0, 0.0), 0.0, 0)


def _alone(scene: Scene, actor: Actor, size: int) -> Scene:
    """The actor in white, opaque and without texture, on black: a frame is its mask."""
    white = (1.0, 1.0, 1.0)
    figures = [Figure(figure.shape, None, white, white) for figure in (actor.body, actor.companion)]
    actor = replace(actor, body=figures[0], companion=figures[1], faintest=1.0)
    return replace(scene, actors=(actor,), props=(), background=BLACK, height=size, width=size)


def _bounds(mask: NDArray[np.bool_]) -> list[float]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    height, width = mask.shape
    return [columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height]


@pytest.mark.parametrize("difficulty", ["easy", "hard"])
def test_boxes_are_tight_around_the_drawn_actor(difficulty) -> None:
    size = 256
    checked = 0
    for index in range(26):
        scene, _ = clip_scene("val", index, difficulty)
        scene = _alone(scene, scene.actors[0], size)
        frames = scene.render([0, 9])
        for frame, box in zip(frames, scene.boxes(scene.actors[0], [0, 9]), strict=True):
            bounds = _bounds(frame[..., 0] > 0)
            # A pixel is drawn when the outline passes within half a pixel of its centre.
            np.testing.assert_allclose(box, bounds, atol=1.6 / size)
            checked += 1
    assert checked == 52


@pytest.mark.parametrize("shape", SHAPES)
def test_the_box_of_every_shape_at_every_angle_is_that_of_its_pixels(shape) -> None:
    scene, _ = clip_scene("val", CLASSES.index("spin_clockwise"), "easy")
    scene = _alone(scene, scene.actors[0], 400)
    hidden = {**scene.actors[0].ranges, "distance": Range(0.0, 0.0)}  # the companion lies in the body's middle
    body = replace(scene.actors[0].body, shape=shape)
    actor = replace(scene.actors[0], body=body, companion_radius=0.01, ranges=hidden)
    frames = replace(scene, actors=(actor,)).render()
    for frame, box in zip(frames, scene.boxes(actor, np.arange(16)), strict=True):
        np.testing.assert_allclose(box, _bounds(frame[..., 0] > 0), atol=1.6 / 400)


def test_an_actor_changes_in_exactly_the_frames_of_its_segments() -> None:
    for index in range(6):
        scene = synthetic_video("val", index, seconds=8, size=(96, 128), difficulty="medium")
        for actor in scene.actors:
            alone = replace(scene, actors=(actor,), props=(), background=BLACK)
            frames = alone.render().astype(np.int16)
            changed = np.abs(np.diff(frames, axis=0)).max((1, 2, 3)) > 0  # frame i + 1 against frame i
            inside = np.zeros(scene.num_frames, bool)
            for _, start, end in actor.instances:
                inside[start:end] = True
            np.testing.assert_array_equal(changed, inside[1:])
            assert not inside[0]
            assert inside.any()


def test_annotations_hold_a_segment_and_a_tube_for_every_instance() -> None:
    scene = synthetic_video("val", 1, seconds=10, size=(96, 128), frame_rate=12.5, num_actors=3)
    video = scene.annotations()
    instances = [(label, start / 12.5, end / 12.5) for actor in scene.actors for label, start, end in actor.instances]
    assert sorted((s.label, s.start, s.end) for s in video.segments) == sorted(instances)
    frame_spans = [(t.label, round(t.start * 12.5), round(t.end * 12.5) + 1) for t in video.tubes]
    assert sorted(frame_spans) == sorted(instance for actor in scene.actors for instance in actor.instances)
    assert {label.name for label in video.labels} == {label for label, _, _ in instances}
    assert (video.num_frames, video.duration, video.width, video.height) == (125, 10.0, 128, 96)
    for tube in video.tubes:
        frames = np.round(tube.times * 12.5).astype(int)
        actor = scene.actors[int(str(tube.actor))]
        np.testing.assert_array_equal(tube.boxes, scene.boxes(actor, frames))


def test_keyframe_boxes_are_those_of_the_tubes_once_a_second() -> None:
    scene = synthetic_video("val", 2, seconds=12, num_actors=2)
    video = scene.annotations()
    expected = {
        (tube.actor, tube.label, time, tuple(box))
        for tube in video.tubes
        for time, box in zip(tube.times.tolist(), tube.boxes.tolist(), strict=True)
        if time == int(time)
    }
    assert {(box.actor, box.label, box.time, box.xyxy) for box in video.boxes} == expected
    assert expected


def test_actors_overlap_in_time_and_rest_between_their_instances() -> None:
    scene = synthetic_video("val", 0, seconds=30, num_actors=3, pause=(0.5, 1.0))
    busy = np.zeros((3, scene.num_frames), bool)
    for row, actor in zip(busy, scene.actors, strict=True):
        for (_, _, end), (_, start, _) in zip(actor.instances, actor.instances[1:], strict=False):
            assert start - end >= 0.5 * scene.frame_rate
        for _, start, end in actor.instances:
            row[start:end] = True
    assert (busy.sum(0) >= 2).any()
    assert (busy.sum(0) == 0).any()
