"""ART's activation clustering on a small network of the trusted rows."""

import numpy as np

from leaderboard.protocol import Judgement, Points

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "ART activation clustering", "adversarial-robustness-toolbox", "art", False
USE = "`ActivationDefence` on the batch among the trusted rows, by a network of the trusted rows; rows it calls poison"
HIDDEN, STEPS = 64, 40


def train_network(points, codes, classes):
    """A classifier as ART takes it."""
    import torch
    from art.estimators.classification import PyTorchClassifier

    torch.manual_seed(0)
    torch.set_num_threads(1)
    layers = torch.nn.Linear(points.shape[1], HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, classes)
    network = torch.nn.Sequential(*layers)
    model = PyTorchClassifier(
        model=network,
        loss=torch.nn.CrossEntropyLoss(),
        optimizer=torch.optim.Adam(network.parameters(), 0.01),
        input_shape=(points.shape[1],),
        nb_classes=classes,
        device_type="cpu",
    )
    model.fit(points.astype(np.float32), np.eye(classes, dtype=np.float32)[codes], nb_epochs=STEPS)
    return model


class Clusters:
    def __init__(self, trusted, label):
        self.points = Points(trusted, label)
        self.known, self.codes = self.points(trusted).astype(np.float32), self.points.codes(trusted)
        self.model = train_network(self.known, self.codes, len(self.points.classes))

    def judge(self, batch):
        from art.defences.detector.poison import ActivationDefence

        rows = np.vstack([self.known, self.points(batch).astype(np.float32)])
        codes = np.r_[self.codes, self.points.codes(batch)]
        np.random.seed(0)  # its k-means draws from the global state
        defence = ActivationDefence(self.model, rows, np.eye(len(self.points.classes))[codes])
        _, clean = defence.detect_poison(nb_clusters=2, nb_dims=10, reduce="PCA", cluster_analysis="smaller")
        return Judgement(1.0 - np.asarray(clean, float)[len(self.known) :])


fit = Clusters
