"""The front door: command line, options, the graph, the helper commands."""

from pipeline.names import check_names

check_names()
