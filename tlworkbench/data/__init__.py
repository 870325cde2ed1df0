"""Rows, labels and the views on them. Knows no screen and no training."""
