"""Models trained on cleared rows, and the metrics that tell what letting the poison in would have cost."""
