"""The releases of many repositories together: where they come from, what is kept of each, and what several share."""
