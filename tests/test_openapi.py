"""schemathesis: requests generated from the service's own document, sent to a real server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings

from episodes import episodes

ROOT = Path(__file__).parent.parent


def test_the_document_and_the_service_agree(serve: Callable[..., str]) -> None:
    command: list[str | Path] = [
        Path(sys.executable).with_name("st"), "--config-file", ROOT / "schemathesis.toml",
        "run", f"{serve()}/openapi.json", "--max-examples", "50", "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout
    assert "Fuzzing" in done.stdout, done.stdout
    assert "❌" not in done.stdout, done.stdout


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(episode=episodes())
def test_every_valid_episode_is_taken(client: FlaskClient, episode: dict[str, object]) -> None:
    answer = client.post("/v1/classifications?store=false&detail=verdict", json=episode)
    assert answer.status_code == 200, answer.text
