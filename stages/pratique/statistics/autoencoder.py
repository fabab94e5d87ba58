"""A small autoencoder: learned with torch, kept as arrays, asked with numpy alone."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from pratique.statistics.network import BATCH_ROWS, LEARNING_RATE, Network, draw_from, score_torch

ENCODER_UNITS = 128
CODE_UNITS = 16
"""Units of the two hidden layers, and of the layer between them."""
ENCODER_PASSES = 100
ADDED_NOISE = 0.3
"""Standard deviation of what is added to each number, where it lies between 0 and 1, so that little is copied."""
RECONSTRUCTION_WEIGHT = 10.0
"""What a squared difference counts beside a nat of divergence between predictions."""

Loss = Callable[[Any, Any], Any]
"""Of reconstructed points and the points themselves, both of torch."""


@dataclass(frozen=True)
class Autoencoder:
    """Weights and biases of four layers: to the code by way of hidden units, and back; points lie between 0 and 1."""

    layers: tuple[np.ndarray, ...]

    def encode(self, points: np.ndarray) -> np.ndarray:
        """The code of each point, shape (rows, `CODE_UNITS`)."""
        first, bias, second, shift = self.layers[:4]
        return np.asarray(np.maximum(points @ first + bias, 0) @ second + shift)

    def reconstruct(self, points: np.ndarray) -> np.ndarray:
        """Each point as its code has it."""
        from scipy.special import expit

        third, bias, fourth, shift = self.layers[4:]
        return np.asarray(expit(np.maximum(self.encode(points) @ third + bias, 0) @ fourth + shift))


def fit_autoencoder(points: np.ndarray, seed: int, judge: Network | None = None) -> Autoencoder:
    """Learn to reconstruct points from noisy copies, by Adam; it takes torch.

    Parameters
    ----------
    points : ndarray, shape (rows, dimensions)
    seed : int
    judge : Network, optional
        Whose predictions on the reconstruction shall be those on the point: their Kullback-Leibler divergence is added.
    """
    import torch

    with draw_from(seed):
        values = torch.tensor(points, dtype=torch.float32)
        layers = _draw_layers((points.shape[1], ENCODER_UNITS, CODE_UNITS, ENCODER_UNITS, points.shape[1]))
        loss = _loss_of(judge)
        optimizer = torch.optim.Adam(layers, lr=LEARNING_RATE)
        for _ in range(ENCODER_PASSES):
            for rows in torch.randperm(len(values)).split(BATCH_ROWS):
                chosen = values[rows]
                lost = loss(_reconstruct_torch(layers, chosen + ADDED_NOISE * torch.randn_like(chosen)), chosen)
                optimizer.zero_grad()
                lost.backward()
                optimizer.step()
    return Autoencoder(tuple(layer.detach().numpy().astype(np.float64) for layer in layers))


def _draw_layers(sizes: tuple[int, ...]) -> list[Any]:
    """Weights as He et al. (2015) draw them, biases of 0."""
    import torch

    layers: list[Any] = []
    for inputs, outputs in pairwise(sizes):
        weights = torch.randn(inputs, outputs) * float(np.sqrt(2 / inputs))
        layers += [weights.requires_grad_(True), torch.zeros(outputs, requires_grad=True)]
    return layers


def _reconstruct_torch(layers: list[Any], points: Any) -> Any:
    code = (points @ layers[0] + layers[1]).relu() @ layers[2] + layers[3]
    return ((code @ layers[4] + layers[5]).relu() @ layers[6] + layers[7]).sigmoid()


def _loss_of(judge: Network | None) -> Loss:
    """The mean squared difference, or that and the divergence of a network's predictions."""
    import torch
    from torch.nn.functional import kl_div, mse_loss

    if judge is None:
        return mse_loss
    layers = [torch.tensor(layer) for layer in judge.layers]

    def lose(reconstructed: Any, points: Any) -> Any:
        said = score_torch(layers, points, judge.image).softmax(1).detach()
        divergence = kl_div(score_torch(layers, reconstructed, judge.image).log_softmax(1), said, reduction="batchmean")
        return divergence + RECONSTRUCTION_WEIGHT * mse_loss(reconstructed, points)

    return lose
