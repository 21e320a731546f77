"""Where two answers part, and why."""
