"""The doors: HTTP, pages and the command line; and the store."""
