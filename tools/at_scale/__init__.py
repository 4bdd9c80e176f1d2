"""Measures the questions at three sizes: makes a fleet's evidence, and has each engine answer from it."""
