"""Inkling: draw a digit, watch a neural network think, train your own, call it from code."""

__version__ = "0.2.0"
