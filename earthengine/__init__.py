"""The client side of Earth Engine: session, one request, errors, the gate."""
