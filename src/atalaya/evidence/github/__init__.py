"""What CI said, as GitHub tells it: every attempt of every job, with its reports and its logs."""
