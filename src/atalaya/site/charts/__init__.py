"""The charts and diagrams of the site, as inline SVG."""
