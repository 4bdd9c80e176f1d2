"""Translation of the site: the message catalogue and the language of each page."""
