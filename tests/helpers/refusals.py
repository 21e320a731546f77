"""What every refused request is told."""

from __future__ import annotations

from typing import Any


def refusal(answer: Any, status: int) -> dict[str, Any]:
    """Return the problem that a response holds; it must have all the parts of one."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    problem: dict[str, Any] = answer.get_json()
    assert problem.keys() == {"type", "title", "status", "detail", "instance", "errors"}
    assert problem["status"] == status
    assert problem["type"].startswith("urn:softbalance:problem:")
    assert problem["title"]
    assert problem["detail"]
    for error in problem["errors"]:
        assert error.keys() == {"pointer", "code", "detail"}
        assert error["code"]
        assert error["detail"]
    return problem
