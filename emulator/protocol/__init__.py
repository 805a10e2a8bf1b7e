"""Earth Engine's REST API: documents, routes, limits and encodings."""
