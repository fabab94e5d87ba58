"""ART's spectral signatures on a small network of the trusted rows."""

import numpy as np

from leaderboard.peers.activation_clustering import train_network
from leaderboard.protocol import Judgement, Points

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "ART spectral signatures", "adversarial-robustness-toolbox", "art", False
USE = "`SpectralSignatureDefense.spectral_signature_scores` by class of the batch, with a network of the trusted rows"


class Spectra:
    def __init__(self, trusted, label):
        self.points = Points(trusted, label)
        points = self.points(trusted).astype(np.float32)
        self.model = train_network(points, self.points.codes(trusted), len(self.points.classes))

    def judge(self, batch):
        from art.defences.detector.poison import SpectralSignatureDefense

        layer = len(self.model.layer_names) - 2
        found = self.model.get_activations(self.points(batch).astype(np.float32), layer=layer, batch_size=128)
        codes, scores = self.points.codes(batch), np.zeros(len(batch))
        for code in np.unique(codes):
            activations = found[codes == code]
            scores[codes == code] = SpectralSignatureDefense.spectral_signature_scores(activations)[:, 0]
        return Judgement(scores)


fit = Spectra
