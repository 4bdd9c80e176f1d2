"""Developer tools, run by nox: calibration of the verdict, and mutation testing."""
