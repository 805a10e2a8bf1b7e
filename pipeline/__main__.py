"""``python -m pipeline``. A stub: what lives in __main__ is pickled by value."""

import sys

from pipeline.cli import main

if __name__ == "__main__":
    sys.exit(main())
