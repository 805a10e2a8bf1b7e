"""Services that lie around the engine, each for one thing; see emulator.stack."""
