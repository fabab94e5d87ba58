"""Pratique keeps poisoned data out of training: every batch is cleared before it reaches a model."""

__version__ = "0.1.0"
