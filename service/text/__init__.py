"""Text that people read in a terminal or as text/plain."""
