"""`python -m wingkeras`, where no script is installed."""

import sys

from wingkeras.cli import main

if __name__ == "__main__":
    sys.exit(main())
