import numpy as np
import pytest

from tubelet.datasets.bilinear import scale_bilinear


@pytest.mark.parametrize("sizes", [(60, 80, 48, 64), (240, 320, 224, 298), (100, 80, 280, 224), (61, 97, 37, 58)])
def test_every_byte_is_that_of_opencv(sizes):
    cv2 = pytest.importorskip("cv2", reason="OpenCV, the reference of this test, is not installed")
    height, width, new_height, new_width = sizes
    frame = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    expected = cv2.resize(frame, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(scale_bilinear(frame, new_height, new_width), expected)


def test_halving_takes_the_mean_of_two_pixels_each_way():
    frame = np.array([[0, 100], [50, 150]], np.uint8)[:, :, None]
    assert scale_bilinear(frame, 1, 1).item() == 75
