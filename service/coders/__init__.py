"""Several coders of the same episodes: what each has coded, and how far they agree."""
