"""The verdict of a release: what its rules look at, the table of them, and what to do next."""
