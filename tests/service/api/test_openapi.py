"""schemathesis: requests generated from the service's own document, sent to a real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from softbalance.service.api.batches import NDJSON

from drawn_episodes import episodes
from evaluator import BROOKS_WOHLFORTH, evaluate
from places import ROOT


def test_the_documentation_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert page.mimetype == "text/html"
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert address.startswith("/")
        with client.get(address) as asset:
            assert asset.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_document_names_every_call(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    calls = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert calls >= {
        ("post", "/v1/classifications"),
        ("get", "/v1/classifications"),
        ("get", "/v1/classifications/{record}"),
        ("get", "/v1/classifications/{record}/trace"),
        ("get", "/v1/rulebooks"),
        ("get", "/v1/rulebooks/{rulebook}"),
        ("get", "/v1/codebook"),
        ("get", "/healthz"),
        ("get", "/readyz"),
    }


def test_the_document_and_the_service_agree(serve: Callable[..., str]) -> None:
    command: list[str | Path] = [
        Path(sys.executable).with_name("st"), "--config-file", ROOT / "schemathesis.toml",
        "run", f"{serve()}/openapi.json", "--max-examples", "50", "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout
    assert "Fuzzing" in done.stdout, done.stdout
    assert "❌" not in done.stdout, done.stdout


def test_operations_have_names_and_components_a_use(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations if isinstance(operation, dict)]
    assert len({*names}) == len(names)
    assert all(name.isidentifier() for name in names)
    assert {"classifications_post", "classifications_list", "batches_post"} <= {*names}
    told = json.dumps(document)
    for name in document["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in told


def test_the_document_describes_what_is_in_a_codebook_and_a_batch(client: FlaskClient) -> None:
    schemas = client.get("/openapi.json").get_json()["components"]["schemas"]
    codebook = client.get("/v1/codebook").get_json()
    for part in ("groups", "indicators", "forms", "classes"):
        name = schemas["Codebook"]["properties"][part]["items"]["$ref"].rpartition("/")[2]
        for item in codebook[part]:
            assert sorted(schemas[name]["required"]) == sorted(item)
    answer = client.post("/v1/batches", data=b'{"form": "other"}', content_type=NDJSON)
    line = json.loads(answer.get_data())
    assert line.keys() <= schemas["BatchLine"]["properties"].keys()
    assert schemas["BatchLine"]["required"] == ["line"]


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(episode=episodes())
def test_every_valid_episode_is_taken(client: FlaskClient, episode: dict[str, object]) -> None:
    answer = client.post("/v1/classifications?store=false&detail=verdict", json=episode)
    assert answer.status_code == 200, answer.text
    got, wanted = answer.get_json(), evaluate(BROOKS_WOHLFORTH, episode)
    assert got["episode"].items() >= episode.items()
    assert {field: got[field] for field in wanted} == wanted
