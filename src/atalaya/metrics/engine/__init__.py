"""Answers the questions of the ``.sql`` files beside this package from the evidence of one folder."""
