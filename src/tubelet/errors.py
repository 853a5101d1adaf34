"""The one kind of error that a user can cause.

Every room derives its own from it (``VideoError``, ``CheckpointError``, ...). The message is one sentence for a person:
the file, the value, and what was expected. The command prints that sentence and exits with status 1; anything else is
a bug and keeps its traceback.
"""

import difflib
from collections.abc import Iterable


class TubeletError(ValueError):
    """An error in what the user gave; its text is one sentence that says what was expected."""


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The end of an error about a name that does not exist: the nearest that do, else ``otherwise`` or all of them."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3) or [longer for longer in names if name in longer][:3]
    return f"did you mean {' or '.join(near)}?" if near else otherwise or f"expected one of {', '.join(names)}."
