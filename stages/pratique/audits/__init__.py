"""Audits: what a trained model itself shows, one file each; they measure, requirements decide."""
