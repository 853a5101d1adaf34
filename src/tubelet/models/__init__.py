"""Recognition networks, one file a paper."""
