"""The base of all packages: settings, environment, errors, scrubbing, strict enums and the window."""
