"""Where the tests find what they read: the checkout, its tests, and the real data beside it."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent.parent
ROOT = TESTS.parent
#: Real event data, where the checkout has them beside it.
REAL_DATA = ROOT.parent / "shared" / "data"
