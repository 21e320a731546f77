"""A classification as the rows that hold it."""

from __future__ import annotations

from typing import Any

from softbalance.schemas.classification import Classification

#: No index takes a text of any length: of a coder's name so many characters are searched for.
LONGEST_CODER = 200


def pick_search_columns(answer: Classification) -> dict[str, Any]:
    """Return what of a classification has a column of its own."""
    episode = answer["episode"]
    return {
        "id": answer["id"],
        "classified_at": answer["classified_at"],
        "rulebook": answer["rulebook"]["id"],
        "classification": answer["classification"],
        "form": episode["form"],
        "episode": episode["id"],
        "title": episode.get("title"),
    }


def actors_of(answer: Classification) -> list[str]:
    """Return the actors of an episode, each once."""
    return list(dict.fromkeys(answer["episode"].get("actors", ())))


def coders_of(answer: Classification) -> list[str]:
    """Return who coded the observations of an episode, each once and none that has no name."""
    named = (said.get("coder", "") for said in answer["episode"].get("observations", ()))
    return list(dict.fromkeys(name[:LONGEST_CODER] for name in named if name))
