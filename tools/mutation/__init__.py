"""Mutants made by rule, of the bundled SDK and of the machine, and which of them nobody notices."""
