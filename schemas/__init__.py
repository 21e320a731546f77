"""What crosses a boundary: episodes, classifications, the rulebook grammar, problems.

What `XSchema` checks or publishes is an `X` to the type checker, a TypedDict beside it.
Nothing here knows of rules or HTTP.
"""
