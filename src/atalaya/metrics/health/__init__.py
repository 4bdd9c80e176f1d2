"""The signs of the SDK's health, beside the five metrics: a module each."""
