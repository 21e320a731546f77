"""The pages that an analyst reads in a browser."""
