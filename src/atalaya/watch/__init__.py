"""The watch: its folder, its window, its checkpoints, incidents and backlog."""
