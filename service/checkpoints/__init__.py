"""Signed heads of both chains, kept where who can write to the store cannot."""
