"""Exact questions about a rulebook, answered on decision diagrams."""
