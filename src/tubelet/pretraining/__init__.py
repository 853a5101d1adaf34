"""Learning from videos without labels: what is hidden, what the encoder sees, what is predicted, and the loss."""
