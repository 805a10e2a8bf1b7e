"""``python -m emulator``: the engine behind an HTTP door."""

from emulator.command import main

if __name__ == "__main__":
    raise SystemExit(main())
