"""The synthetic benchmark: short videos from a seed whose classes only motion tells apart, with exact labels.

`SyntheticClips` trains a recogniser, `synthetic_video` gives a long scene with segments and tubes, `write_synthetic`
puts both on disk as mp4 files with annotation files.
"""

from tubelet.datasets.synthetic.actors import CLASSES, Actor, Instance
from tubelet.datasets.synthetic.clips import SyntheticClips, render_clip
from tubelet.datasets.synthetic.difficulty import DIFFICULTIES, Difficulty
from tubelet.datasets.synthetic.files import write_synthetic
from tubelet.datasets.synthetic.sampling import SPLITS, SyntheticError, clip_scene, synthetic_video
from tubelet.datasets.synthetic.scenes import Scene

__all__ = [
    "CLASSES",
    "DIFFICULTIES",
    "SPLITS",
    "Actor",
    "Difficulty",
    "Instance",
    "Scene",
    "SyntheticClips",
    "SyntheticError",
    "clip_scene",
    "render_clip",
    "synthetic_video",
    "write_synthetic",
]
