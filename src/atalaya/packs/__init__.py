"""The name under which check packs are imported, wherever their folders lie."""
