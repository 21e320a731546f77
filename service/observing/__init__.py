"""Logs, metrics and the trace of a request."""
