"""VideoMAE V2: as VideoMAE, but for short videos in segment sampling and for the axes that its runs cut in CutMix."""

from __future__ import annotations

from typing import Any

from case import Case
from systems import videomae


def run(case: Case) -> dict[str, Any]:
    """Our outputs of a case."""
    return videomae.run(case, variant="videomaev2_base", short="all", cut_axes="frames_rows")
