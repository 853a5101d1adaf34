"""One colour a label, the same in frames, plots and the report.

Each hue comes in two tones of equal character: one that reads on white, one that reads on near-black. Hues are handed
out in the order in which labels are named, so that the labels that matter most should come first; labels beyond the
palette share one grey and are told apart by their text, which always stands beside the colour.
"""

from collections.abc import Iterable, Mapping

PALETTE: tuple[tuple[str, str], ...] = (
    ("#2a78d6", "#5a9cf0"),  # blue
    ("#e0592a", "#f58a5f"),  # orange
    ("#12946a", "#2fc08f"),  # green
    ("#8a4fd0", "#b18cf0"),  # violet
    ("#c88a00", "#e8b73a"),  # amber
    ("#d53f7d", "#f07fab"),  # pink
    ("#0f93a8", "#3dbfd4"),  # teal
    ("#c93636", "#f07373"),  # red
    ("#6d8500", "#a8c23c"),  # olive
    ("#8c5a34", "#c99467"),  # brown
    ("#4453c4", "#8794f5"),  # indigo
    ("#5b7083", "#93a9bd"),  # slate
)
OTHER: tuple[str, str] = ("#8a919c", "#818995")


def assign_colors(labels: Iterable[str]) -> dict[str, int]:
    """Give each label, in order of first mention, its index in `PALETTE`; -1 once the hues are used up."""
    order = dict.fromkeys(labels)
    return {label: index if index < len(PALETTE) else -1 for index, label in enumerate(order)}


def color_of(label: str, colors: Mapping[str, int], *, dark: bool = False) -> str:
    """The `#rrggbb` of a label for a light ground, or for a dark one (which a frame of video counts as)."""
    index = colors.get(label, -1)
    return (PALETTE[index] if index >= 0 else OTHER)[dark]
