"""Predictions: created, waited for, and read."""
