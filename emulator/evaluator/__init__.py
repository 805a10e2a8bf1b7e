"""Evaluation of Earth Engine expression graphs."""
