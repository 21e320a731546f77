"""Datasets: files, streams and tables of episodes, classified whole through one expression."""
