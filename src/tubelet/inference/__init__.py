"""From a video file to results: sampling, batching, sliding windows, fusion."""

from tubelet.inference.many_videos import Failure, ResultLog, recognize_videos
from tubelet.inference.recognition import Recognizer, recognize
from tubelet.inference.results import RecognitionResult, ResultError, Timeline
from tubelet.inference.video_files import find_videos

__all__ = [
    "Failure",
    "RecognitionResult",
    "Recognizer",
    "ResultError",
    "ResultLog",
    "Timeline",
    "find_videos",
    "recognize",
    "recognize_videos",
]
