"""Measurements, each a module to run: `python -m benchmarks.NAME`; figures are ratios."""

import sys
from pathlib import Path

# the benchmarks decide the same generated episodes as the tests
sys.path.append(str(Path(__file__).parent.parent / "tests" / "helpers"))
