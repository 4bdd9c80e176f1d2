"""The command line, for `python -m atalaya`."""

import sys

from atalaya.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
