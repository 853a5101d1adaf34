from types import SimpleNamespace

import numpy as np
from PIL import Image

from tubelet.annotations import Segment, Video
from tubelet.viewer import save_timeline
from tubelet.viewer.timeline import leading_classes, timeline_figure, window_cells


def scores():
    values = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6]])
    windows = np.array([[0.0, 2.0], [1.0, 3.0], [2.0, 4.0]])
    return SimpleNamespace(windows=windows, scores=values, classes=["run", "jump", "wave"])


def test_windows_are_drawn_halfway_to_their_neighbours_centres():
    starts, ends = window_cells(scores().windows)
    assert starts.tolist() == [0.0, 1.5, 2.5]
    assert ends.tolist() == [1.5, 2.5, 4.0]


def test_leading_classes_are_those_with_the_highest_peaks_in_order_of_their_peaks():
    assert leading_classes(scores(), 2) == [0, 1]
    backwards = SimpleNamespace(windows=scores().windows, scores=scores().scores[::-1], classes=scores().classes)
    assert leading_classes(backwards, 3) == [2, 1, 0]


def test_a_timeline_has_a_row_for_truth_prediction_and_each_leading_class():
    video = Video("run.mp4", 4.0, segments=(Segment(0, 2, "run", 0.9), Segment(2, 4, "wave", 0.5)))
    figure = timeline_figure(video, truth=video, scores=scores(), rows=2)
    assert [ax.get_ylabel() for ax in figure.axes] == ["truth", "predicted", "run", "jump"]
    assert figure.axes[-1].get_xlim() == (0.0, 4.0)
    assert [text.get_text() for text in figure.axes[1].texts] == ["run", "wave"]


def test_a_timeline_is_written_whole(tmp_path):
    path = save_timeline(tmp_path / "timeline.png", Video("v.mp4", 4.0), scores=scores())
    assert Image.open(path).size[0] == 1500  # 10 inches at 150 dots
    assert [entry.name for entry in tmp_path.iterdir()] == ["timeline.png"]
