"""The generated fragments of the pages, one module for each topic."""
