"""One episode through a rulebook: fired, checked against the premises, traced."""
