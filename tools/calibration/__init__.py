"""Calibration: how often the verdict is wrong, with the real rules, on drawn watches of fixed truth."""
