from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from tubelet.viewer.average_precision import (
    average_precision_figure,
    precision_recall_figure,
    save_average_precision,
    save_precision_recall,
)
from tubelet.viewer.data_statistics import data_statistics_figure, save_data_statistics
from tubelet.viewer.errors import error_figure, save_errors

CURVE = (np.array([1.0, 0.5, 2 / 3]), np.array([0.5, 0.5, 1.0]))


def drawn(path):
    return np.asarray(Image.open(path).convert("L")).std() > 1


def test_the_best_class_stands_first_and_one_without_instances_is_counted():
    figure = average_precision_figure(np.array([0.25, np.nan, 0.75]), ["run", "never", "jump"])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["jump", "run"]
    assert "mean 50.0% of 2 classes (1 without instances left out)" in figure.get_suptitle()


@pytest.mark.parametrize("count", [1, 200])
def test_pictures_are_written_for_few_and_many_classes(tmp_path, count):
    names = [f"class {k}" for k in range(count)]
    assert drawn(save_average_precision(tmp_path / "ap.png", np.linspace(0, 1, count), names))
    assert drawn(save_precision_recall(tmp_path / "pr.png", dict.fromkeys(names, CURVE)))
    instances = {name: k**2 for k, name in enumerate(names)}
    assert drawn(save_data_statistics(tmp_path / "data.png", instances, np.arange(1, 90), np.arange(9)))


def test_no_names_overlap_with_two_hundred_classes():
    figure = average_precision_figure(np.linspace(0, 1, 200), [f"an action with a long name {k}" for k in range(200)])
    figure.canvas.draw()
    for ax in figure.axes[1:]:
        boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
        assert not any(one.overlaps(other) for one, other in pairwise(boxes))


def test_costs_are_listed_dearest_first(tmp_path):
    arguments = (
        ["right", "label", "background"],
        np.array([[0.5, 0.2, 0.3]]),
        ["1x"],
        {"label": 0.01, "background": 0.04},
    )
    figure = error_figure(*arguments, {"length": (["S", "L"], np.array([0.2, np.nan]))})
    assert [label.get_text() for label in figure.axes[1].get_yticklabels()] == ["background", "label"]
    assert drawn(save_errors(tmp_path / "errors.png", *arguments, {}))


def test_an_empty_data_set_is_drawn_as_one():
    assert "0 instances of 1 classes in 0 videos" in data_statistics_figure({"run": 0}, [], []).get_suptitle()


def test_where_few_classes_occur_only_those_are_drawn():
    instances = {"run": 3, **{f"never {n}": 0 for n in range(300)}}
    figure = data_statistics_figure(instances, [1.0] * 3, [3])
    assert "3 instances of 1 of 301 classes in 1 videos" in figure.get_suptitle()
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["run"]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="does not fit 3 classes"):
        average_precision_figure(np.ones(2), ["a", "b", "c"])
    with pytest.raises(ValueError, match="no curves"):
        precision_recall_figure({})
    with pytest.raises(ValueError, match="do not fit 2 groups and 1 kinds"):
        error_figure(["right"], np.ones((1, 1)), ["1x", "2x"], {}, {})
    with pytest.raises(ValueError, match="a duration is negative"):
        data_statistics_figure({"run": 1}, [-1.0], [1])
