"""The one kind of error that a user can cause.

Every room derives its own from it (``VideoError``, ``CheckpointError``, ...). The message is one sentence for a person:
the file, the value, and what was expected. The command prints that sentence and exits with status 1; anything else is
a bug and keeps its traceback.
"""


class TubeletError(ValueError):
    """An error in what the user gave; its text is one sentence that says what was expected."""
