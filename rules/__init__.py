"""The expert system: codebook, rulebooks and their cases, the loader, the engines, the trace.

Nothing here knows of HTTP, a store, the clock or the environment.
"""
