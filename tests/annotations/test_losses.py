"""What a format has no place for is said once, with counts; a file that would hold nothing is not written."""

import warnings

import numpy as np
import pytest

from tubelet.annotations import AnnotationError, Box, Label, Segment, Tube, Video, VideoSet
from tubelet.annotations.activitynet import write_activitynet
from tubelet.annotations.ava import write_ava
from tubelet.annotations.losses import LossWarning
from tubelet.annotations.thumos14 import write_thumos14_json
from tubelet.annotations.ucf24 import write_ucf24_pickle
from tubelet.annotations.video_list import write_video_list

RUN = Segment(0.0, 1.0, "run")


def test_kinds_and_scores_that_are_lost_are_counted_in_one_warning(tmp_path):
    video = Video("a", segments=(Segment(0.0, 1.0, "run", 0.5), RUN), boxes=(Box(0.0, (0.0, 0.0, 1.0, 1.0), "run"),))
    with pytest.warns(LossWarning, match=r"a\.json has no place for 1 box, 1 score of the set\.$") as said:
        write_activitynet(tmp_path / "a.json", VideoSet((video,), ("run",)))
    assert len(said) == 1


def test_further_labels_of_a_video_are_counted(tmp_path):
    video = Video("a.mp4", labels=(Label("run"), Label("jump"), Label("sit")))
    with pytest.warns(LossWarning, match="no place for 2 further labels of a video"):
        write_video_list(tmp_path / "a.txt", VideoSet((video,), ("run", "jump", "sit")))


def test_a_set_that_fits_is_written_without_a_word(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_activitynet(tmp_path / "a.json", VideoSet((Video("a", segments=(RUN,)),), ("run",)))


def test_a_file_that_would_hold_nothing_is_not_written(tmp_path):
    with pytest.raises(AnnotationError, match=r"its format holds boxes, the set 1 segment\."):
        write_ava(tmp_path / "a.csv", VideoSet((Video("a", segments=(RUN,)),), ("run",)))
    assert not list(tmp_path.iterdir())


def test_a_class_that_thumos14_lacks_is_not_written(tmp_path):
    with pytest.raises(AnnotationError, match=r"a has the label 'run'; expected a class of THUMOS'14\."):
        write_thumos14_json(tmp_path / "a.json", VideoSet((Video("a", segments=(RUN,)),), ("run",)))


def test_ucf101_24_is_not_written_when_its_folders_are_not_the_classes(tmp_path):
    tube = Tube(np.array([0.0]), np.array([[0.0, 0.0, 1.0, 1.0]]), "run")
    video = Video("a.mp4", frame_rate=25.0, num_frames=10, tubes=(tube,))
    with pytest.raises(AnnotationError, match="expected videos called <class>/<video>, of every class"):
        write_ucf24_pickle(tmp_path / "a.pkl", VideoSet((video,), ("run",)))


def test_a_file_that_cannot_be_written_is_one_sentence_and_leaves_nothing(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(AnnotationError, match=r"a\.json cannot be written \(Is a directory\)\."):
        write_activitynet(tmp_path / "a.json", VideoSet((Video("a", segments=(RUN,)),), ("run",)))
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]
