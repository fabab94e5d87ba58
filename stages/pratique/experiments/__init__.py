"""Experiments on how poison, models and hyperparameters play together, each run by a folder of its own."""
