"""Many episodes through a rulebook at once, as one relational expression."""
