"""Videos that several tests read, encoded once a session."""

import pytest
from encoded_videos import KINDS, encode, sequential


@pytest.fixture(scope="session", params=KINDS)
def kind(request):
    """Each kind of video: its bytes, and what a sequential decode gives."""
    data = encode(**KINDS[request.param])
    return data, *sequential(data)


@pytest.fixture(scope="session")
def h264() -> bytes:
    """60 frames at 30 fps, key frames at 0, 15, 30, 45, B-frames."""
    return encode(options={"sc_threshold": "0", "x264-params": "open-gop=0"})
