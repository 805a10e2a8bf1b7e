"""Faults on demand, deterministic by seed."""
