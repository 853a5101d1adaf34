import numpy as np
import pytest
from PIL import Image

from tubelet.viewer import save_confusion
from tubelet.viewer.confusion import confusion_figure, worst_confusions


def test_rows_are_shares_of_the_truth_and_the_title_has_the_accuracy():
    matrix = np.array([[3, 1, 0], [0, 5, 0], [0, 0, 0]])
    figure = confusion_figure(matrix, ["run", "jump", "never"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["75", "25", "100"]
    assert "88.9% of 9" in figure.get_suptitle()


def test_the_worst_confusions_come_first_and_right_answers_not_at_all():
    matrix = np.array([[6, 2, 2], [0, 1, 3], [0, 0, 7]])
    assert worst_confusions(matrix) == [(1, 2, 0.75), (0, 1, 0.2), (0, 2, 0.2)]


@pytest.mark.parametrize("count", [1, 13, 400])
def test_a_picture_is_written_for_few_and_for_many_classes(tmp_path, count):
    rng = np.random.default_rng(0)
    matrix = np.diag(rng.integers(5, 20, count)) + rng.integers(0, 2, (count, count))
    path = save_confusion(tmp_path / "confusion.png", matrix, [f"class {k}" for k in range(count)])
    assert np.asarray(Image.open(path).convert("L")).std() > 1


def test_a_matrix_that_does_not_fit_its_classes_is_refused():
    with pytest.raises(ValueError, match="does not fit 3 classes"):
        confusion_figure(np.zeros((2, 2)), ["a", "b", "c"])
