"""The commands: one module for each group of commands.

Each joins the rooms, says what it does, and answers with an exit code. Nothing is decided here.
"""
