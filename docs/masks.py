"""Draw docs/masks.png: what each mask hides of a grid of 8 x 14 x 14 tokens. Run: `python docs/masks.py [OUT]`."""

import sys
from pathlib import Path

import matplotlib
import torch

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap

from tubelet.pretraining.masking import ENCODER_MASKS, running_cell_mask

GRID = (8, 14, 14)
ROWS = [
    ("tube, 0.9", ENCODER_MASKS["tube"], 0.9),
    ("random, 0.9", ENCODER_MASKS["random"], 0.9),
    ("frame, 0.75", ENCODER_MASKS["frame"], 0.75),
    ("cube, 0.4", ENCODER_MASKS["cube"], 0.4),
    ("running cells, 0.5", running_cell_mask, 0.5),
]


def main(out: Path) -> None:
    """Write the picture."""
    figure, axes = plt.subplots(len(ROWS), GRID[0], figsize=(GRID[0] * 1.05, len(ROWS) * 1.2), layout="constrained")
    colours = ListedColormap(["#2a78d6", "#e6e6e3"])  # seen (or predicted), hidden (or left out)
    for row, (title, draw, ratio) in zip(axes, ROWS, strict=True):
        mask = draw(1, GRID, ratio, torch.Generator().manual_seed(0)).view(GRID)
        for frame, ax in enumerate(row):
            ax.imshow(mask[frame], cmap=colours, vmin=0, vmax=1, interpolation="nearest")
            ax.set_xticks([])
            ax.set_yticks([])
            ax.spines[:].set_visible(False)
        row[0].set_title(title, loc="left", fontsize=9)
    figure.savefig(out, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("masks.png"))
