"""No record is without its rulebook: what decided it is kept with it, or was before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flask import Flask
from softbalance.service.app import create_app
from softbalance.service.settings import Settings
from softbalance.service.store import Store

from reloads import EDITED, EPISODE, KIND, POST, digest_in
from written_rulebooks import VARIANT, book


def started_without_store(database: str, folder: Path, text: str) -> Flask:
    """Make an application as a worker is that could not reach the store when it started."""
    book(folder, text)
    return create_app(Settings(database=database, rulebooks=(folder,)), store_made=True)


def post(app: Flask) -> tuple[str, str]:
    answer = app.test_client().post(POST, data=EPISODE, headers=KIND)
    assert answer.status_code == 201
    return answer.get_json()["id"], answer.get_json()["rulebook"]["digest"]


def replayed(app: Flask, record: str) -> object:
    return app.test_client().post(f"/v1/classifications/{record}/replay").get_json()


def test_a_rulebook_is_kept_with_its_first_record_at_the_latest(
    database: str, application: Callable[[Settings], Flask], tmp_path: Path
) -> None:
    store = Store(database)
    store.create()
    app = started_without_store(database, tmp_path / "books", VARIANT)
    assert store.load_kept(digest_in(tmp_path / "books")) is None
    record, digest = post(app)
    assert store.load_kept(digest) is not None
    store.close()
    app.extensions["softbalance"].store.close()
    # a service that never had this rulebook decides by what is kept
    other = application(Settings(database=database))
    assert replayed(other, record) == {"identical": True, "differences": []}


def test_several_nodes_keep_what_each_decides_by(database: str, tmp_path: Path) -> None:
    store = Store(database)
    store.create()
    texts = (VARIANT, EDITED, VARIANT)
    nodes = [
        started_without_store(database, tmp_path / f"node-{number}", text)
        for number, text in enumerate(texts)
    ]
    with ThreadPoolExecutor(len(nodes)) as pool:
        posted = list(pool.map(post, nodes))
    expected = [digest_in(tmp_path / f"node-{number}") for number in range(len(nodes))]
    assert [digest for _, digest in posted] == expected
    assert len(set(expected)) == 2
    for node in nodes:
        for record, _ in posted:
            assert replayed(node, record) == {"identical": True, "differences": []}
        node.extensions["softbalance"].store.close()
    store.close()
