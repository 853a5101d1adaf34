"""tubelet: human action in video, what, when, where and who."""

__version__ = "0.1.0"
