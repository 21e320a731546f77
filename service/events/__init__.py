"""From event data to candidate episodes: what was observed, never why."""
