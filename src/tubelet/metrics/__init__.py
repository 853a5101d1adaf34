"""Evaluators: NumPy arrays in, figures out."""
