"""From released weights to models: reading files, key tables, `create_model`."""

from tubelet.checkpoints.catalogue import model_table
from tubelet.checkpoints.create import create_model, list_models, load_model, shipped_weights
from tubelet.checkpoints.errors import CheckpointError, CheckpointWarning
from tubelet.checkpoints.metadata import save_checkpoint
from tubelet.checkpoints.pretraining import create_pretraining_model, list_pretraining_models

__all__ = [
    "CheckpointError",
    "CheckpointWarning",
    "create_model",
    "create_pretraining_model",
    "list_models",
    "list_pretraining_models",
    "load_model",
    "model_table",
    "save_checkpoint",
    "shipped_weights",
]
