"""Labels, segments, tubes and boxes as samples of a recogniser: which frames of the video each one sees."""

import numpy as np
import pytest

from tubelet.annotations import AnnotationError, Box, Label, Segment, Tube, Video, VideoSet, save_videos
from tubelet.annotations.cvat import write_cvat
from tubelet.datasets.annotated_videos import AnnotatedVideos, LeftOutWarning, read_annotated
from tubelet.datasets.clip_sampling import DenseSampling
from tubelet.datasets.samples import BrokenSample
from tubelet.video import VideoWriter

RATE = 10  # frames a second; frame n is of the grey level 4n
LEVELS = 4


@pytest.fixture
def root(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", frame_rate=RATE, crf=0) as writer:
        for frame in range(50):
            writer.write(np.full((32, 32, 3), LEVELS * frame, np.uint8))
    return tmp_path


class Seen:
    """A transform that gives the numbers of the frames, read from their grey level."""

    def __call__(self, frames, positions, generator):
        import torch

        numbers = np.rint(frames.mean(axis=(1, 2, 3)) / LEVELS)[positions]  # (clips, T)
        return torch.tensor(numbers, dtype=torch.float32)[:, None, :, None, None]


def samples(root, video, classes=("run", "walk"), mode="train"):
    data = AnnotatedVideos(
        VideoSet((video,), classes), root, sampling=DenseSampling(mode, num_frames=4, frame_stride=2), transform=Seen()
    )
    return [(data.classes[data[i].label], sorted(set(data[i].clip.flatten().int().tolist()))) for i in range(len(data))]


def test_a_label_sees_the_whole_video(root):
    ((name, seen),) = samples(root, Video("a.mp4", labels=(Label("walk"),)), mode="test")
    assert name == "walk"
    assert (seen[0], seen[-1] > 40) == (0, True)


def test_a_segment_sees_frames_from_its_start_up_to_its_end(root):
    video = Video("a.mp4", segments=(Segment(2.0, 2.8, "run"), Segment(4.0, 4.3, "walk")))
    (run, first), (walk, second) = samples(root, video, mode="validation")
    assert (run, first[0], first[-1]) == ("run", 20, 27)
    assert (walk, second[0], second[-1]) == ("walk", 40, 42)


def test_a_tube_sees_the_frames_of_its_boxes(root):
    times = np.arange(10, 18) / RATE
    video = Video("a.mp4", tubes=(Tube(times, np.tile([0.0, 0.0, 1.0, 1.0], (8, 1)), "run"),))
    ((name, seen),) = samples(root, video, mode="validation")
    assert (name, seen[0], seen[-1]) == ("run", 10, 17)


def test_boxes_of_a_moment_give_one_sample_a_label(root):
    boxes = tuple(Box(2.0, (0.0, 0.0, corner, corner), label) for corner in (0.5, 1.0) for label in ("run", "walk"))
    seen = samples(root, Video("a.mp4", boxes=boxes), mode="test")
    assert [name for name, _ in seen] == ["run", "walk"]
    assert all(numbers[0] >= 5 and numbers[-1] <= 34 for _, numbers in seen)  # 0.5 to 3.5 s


def test_a_segment_of_no_length_sees_the_frame_of_its_start(root):
    assert samples(root, Video("a.mp4", segments=(Segment(3.0, 3.0, "run"),))) == [("run", [30])]


def test_an_action_after_the_end_of_the_video_is_a_broken_sample(root):
    videos = VideoSet((Video("a.mp4", segments=(Segment(7.0, 8.0, "run"),)),), ("run",))
    broken = AnnotatedVideos(videos, root, sampling=DenseSampling("train"), transform=Seen())[0]
    assert isinstance(broken, BrokenSample)
    assert broken.reason.endswith("a.mp4 lasts 5.00 s; an action in it starts at 7.00 s.")


def test_labels_that_are_no_class_are_counted_and_left_out(root):
    video = Video("a.mp4", segments=(Segment(0, 1, "run"), Segment(1, 2, "Ambiguous")))
    with pytest.warns(LeftOutWarning, match="1 of 2 actions are of no class and left out: 'Ambiguous' 1 times"):
        assert len(samples(root, video)) == 1


def test_a_set_without_an_action_of_a_class_is_refused(root):
    with pytest.raises(AnnotationError, match="none of 1 actions in 1 videos is of a class"):
        samples(root, Video("a.mp4", segments=(Segment(0, 1, "jump"),)))


def test_files_that_a_pattern_fits_are_one_set(tmp_path):
    for name, label in (("b", "walk"), ("a", "run")):
        tube = Tube(np.array([0.0, 0.1]), np.tile([0.0, 0.0, 1.0, 1.0], (2, 1)), label)
        write_cvat(tmp_path / f"{name}.xml", VideoSet((Video(f"{name}.mp4", 1, RATE, 32, 32, 10, tubes=(tube,)),)))
    videos = read_annotated(tmp_path / "*.xml", options={"frame_rate": RATE})
    assert [video.path for video in videos] == ["a.mp4", "b.mp4"]
    assert videos.classes == ("run", "walk")


def test_a_subset_and_an_order_of_classes_can_be_asked_for(tmp_path):
    path = tmp_path / "set.json"
    videos = [Video(name, subset=name, labels=(Label(name),)) for name in ("train", "test")]
    save_videos(path, videos, ("train", "test"))
    chosen = read_annotated(path, subset="test", classes=["test", "train"])
    assert ([video.path for video in chosen], chosen.classes) == (["test"], ("test", "train"))
    with pytest.raises(AnnotationError, match=r"has no video of the subset 'val'; expected one of \['test', 'train'\]"):
        read_annotated(path, subset="val")
