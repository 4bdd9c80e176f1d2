"""What each command does, a module a stage.

Each joins the rooms, says what it does, and answers with an exit code. Nothing is decided here.
"""
