"""Coding sheets, and coded data in the formats of other programs."""
