"""Readings: sources, the dataset folder, quality verdicts and splits."""
