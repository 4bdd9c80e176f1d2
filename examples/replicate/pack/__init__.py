"""The check pack of `replicate`, a client that nobody here wrote: its README and its docstrings are the contract."""
