"""What crosses a boundary: episodes, classifications, the rulebook grammar, problems.

Nothing here knows of rules or HTTP.
"""
