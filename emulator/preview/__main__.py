"""``python -m emulator.preview``."""

from emulator.preview import main

if __name__ == "__main__":
    raise SystemExit(main())
