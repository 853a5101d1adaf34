"""Showing results: drawn on frames, as plots, and as a page to click through."""

from tubelet.viewer.confusion import save_confusion
from tubelet.viewer.drawing import annotate_video, draw, draw_boxes, draw_labels
from tubelet.viewer.report import ReportEntry, ReportText, write_report
from tubelet.viewer.timeline import save_timeline

__all__ = [
    "ReportEntry",
    "ReportText",
    "annotate_video",
    "draw",
    "draw_boxes",
    "draw_labels",
    "save_confusion",
    "save_timeline",
    "write_report",
]
