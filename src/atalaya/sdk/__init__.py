"""The SDK under watch: found, installed apart, and described."""
