from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tubelet.video import VideoWriter

WriteVideo = Callable[..., Path]


@pytest.fixture
def write_video(tmp_path) -> WriteVideo:
    """Writes a video whose frame k has the grey level `10 + 5 k`."""

    def write(name="video.mp4", frames=40, rate=20.0, size=(96, 128)) -> Path:
        with VideoWriter(tmp_path / name, frame_rate=rate) as writer:
            for k in range(frames):
                writer.write(np.full((*size, 3), 10 + 5 * k, np.uint8))
        return tmp_path / name

    return write
