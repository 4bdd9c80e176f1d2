"""Safe MyST and HTML: escaping, rendering and page templates."""
