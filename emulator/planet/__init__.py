"""A procedural Earth: pure functions of place and time, the same in every process.

Coasts, climate zones and broad relief are the real Earth's (``data/``); what is finer
than that is invented by noise on fixed lattices. Nothing here knows of assets.
"""
