"""Pretrained models that can be chosen: bundled, on this machine, on the Hub."""
