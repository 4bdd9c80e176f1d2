"""Records to MyST, in two languages: what the site shows."""
