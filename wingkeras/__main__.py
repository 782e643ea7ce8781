"""`python -m wingkeras`: the command line, also where its script is not installed."""

import sys

from wingkeras.cli import main

if __name__ == "__main__":
    sys.exit(main())
