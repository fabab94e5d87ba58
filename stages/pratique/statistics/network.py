"""A small network: learned with torch, kept as arrays, asked with numpy alone.

Its weights lie in the model's archive like those of any other model: no pickle, and no torch where it only answers.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

Image = tuple[int, int, int]
"""Height, width and channels of a row that is an image."""

HIDDEN = 64
CHANNELS = (16, 32)
"""Of the two convolutions, each 3 x 3, with a maximum over 2 x 2 behind it."""
LEARNING_RATE = 3e-3
BATCH_ROWS = 64
ASKED_AT_ONCE = 1_000_000
"""Numbers of the points that are asked at once: convolutions take 300 times as many bytes."""


@dataclass(frozen=True)
class Network:
    """Weights and biases of each layer in turn; two convolutions first where rows are images.

    Attributes
    ----------
    layers : tuple of ndarray of float32
    image : tuple of int, optional
    classes_ : ndarray of int
    """

    layers: tuple[np.ndarray, ...]
    image: Image | None
    classes_: np.ndarray

    def predict(self, points: np.ndarray) -> np.ndarray:
        """The most probable class of each point."""
        return np.asarray(self.classes_[self.predict_proba(points).argmax(axis=1)])

    def predict_proba(self, points: np.ndarray) -> np.ndarray:
        """The probability of each class."""
        scores = self.scores(points)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), float)

    def scores(self, points: np.ndarray) -> np.ndarray:
        """What the last layer says of each class, before it becomes a probability."""
        rows = max(1, ASKED_AT_ONCE // max(1, points.shape[1]))
        parts = range(0, max(len(points), 1), rows)
        return np.concatenate([self._score(points[start : start + rows]) for start in parts])

    def _score(self, points: np.ndarray) -> np.ndarray:
        values, layers = points.astype(np.float64), list(self.layers)
        if self.image is not None:
            values = arrange(values, self.image)
            for _ in CHANNELS:
                values = _convolve(values, layers.pop(0), layers.pop(0))
            values = values.reshape(len(values), int(np.prod(values.shape[1:])))
        values = np.maximum(values @ layers[0] + layers[1], 0)
        return np.asarray(values @ layers[2] + layers[3])


def arrange(points: np.ndarray, image: Image) -> np.ndarray:
    """Rows of pixels, channels of a pixel side by side, as images of shape (rows, channels, height, width)."""
    height, width, channels = image
    return points.reshape(len(points), height, width, channels).transpose(0, 3, 1, 2)


def _convolve(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Convolve 3 x 3, keep what is positive, and take the maximum over 2 x 2."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    values = np.tensordot(windows, kernel, axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2) + bias[:, None, None]
    rows, channels, height, width = values.shape
    even = np.maximum(values, 0)[:, :, : height // 2 * 2, : width // 2 * 2]
    return np.asarray(even.reshape(rows, channels, height // 2, 2, width // 2, 2).max(axis=(3, 5)))


def fit_network(
    points: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray | None,
    seed: int,
    epochs: int,
    start: Network | None = None,
    image: Image | None = None,
) -> Network:
    """Learn by Adam on the weighted cross-entropy, from a fresh network or from one that is there; it takes torch."""
    import torch
    from torch.nn.functional import cross_entropy

    counts = np.ones(len(targets)) if weights is None else weights
    with draw_from(seed):
        given = (
            draw_layers(points.shape[1], int(targets.max()) + 1, image, _draw_normal) if start is None else start.layers
        )
        layers = [torch.tensor(np.array(layer), requires_grad=True) for layer in given]
        shape = image if start is None else start.image
        values, wanted = torch.tensor(points, dtype=torch.float32), torch.tensor(targets.astype(np.int64))
        shares = torch.tensor(counts / counts.mean(), dtype=torch.float32)
        optimizer = torch.optim.Adam(layers, lr=LEARNING_RATE)
        for _ in range(epochs):
            for rows in torch.randperm(len(values)).split(BATCH_ROWS):
                loss = cross_entropy(score_torch(layers, values[rows], shape), wanted[rows], reduction="none")
                optimizer.zero_grad()
                (loss * shares[rows]).mean().backward()
                optimizer.step()
    learned = tuple(layer.detach().numpy() for layer in layers)
    return Network(learned, shape, np.arange(learned[-1].shape[0]))


def score_torch(layers: Sequence[Any], points: Any, image: Image | None) -> Any:
    """What the layers say of each class before it becomes a probability, so that torch can follow the gradient."""
    from torch.nn import functional

    values, rest = points, list(layers)
    if image is not None:
        height, width, channels = image
        values = values.reshape(-1, height, width, channels).permute(0, 3, 1, 2)
        for _ in CHANNELS:
            values = functional.conv2d(values, rest.pop(0), rest.pop(0), padding=1).relu()
            values = functional.max_pool2d(values, 2)
        values = values.flatten(1)
    return (values @ rest[0] + rest[1]).relu() @ rest[2] + rest[3]


def draw_layers(
    dimensions: int, classes: int, image: Image | None, draw: Callable[[tuple[int, ...]], np.ndarray]
) -> list[np.ndarray]:
    """Weights as He et al. (2015) draw them, from standard normal numbers, biases of 0."""
    shapes: list[tuple[int, ...]] = []
    if image is not None:
        height, width, channels = image
        shapes = [(CHANNELS[0], channels, 3, 3), (CHANNELS[1], CHANNELS[0], 3, 3)]
        dimensions = CHANNELS[1] * (height // 4) * (width // 4)
    layers = []
    for shape in (*shapes, (dimensions, HIDDEN), (HIDDEN, classes)):
        inputs, outputs = (int(np.prod(shape[1:])), shape[0]) if len(shape) == 4 else shape
        layers += [draw(shape) * np.float32(np.sqrt(2 / inputs)), np.zeros(outputs, np.float32)]
    return layers


def _draw_normal(shape: tuple[int, ...]) -> np.ndarray:
    import torch

    return torch.randn(shape).numpy()


@contextmanager
def draw_from(seed: int) -> Iterator[None]:
    """Draw from this seed on one thread, so that the same rows give the same bytes; nothing outside notices."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
