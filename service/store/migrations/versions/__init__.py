"""A module each step; it must not import what later versions may change."""
