"""Training: the typed recipe, the loop on accelerate, evaluation."""
