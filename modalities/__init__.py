"""What is fetched: tile, grid, plan, and one file a modality."""
