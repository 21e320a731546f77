"""A small authority that stamps times (RFC 3161): openssl behind an HTTP server."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple, TypeVar

_CONFIG = """
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[tsa]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[stamps]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""

Server = TypeVar("Server", bound=ThreadingHTTPServer)


class Authority(NamedTuple):
    """Where it answers, and the certificate that is to be trusted."""

    url: str
    root: Path


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted to it, and answers with a status."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keeper)
        self.received: list[tuple[str, bytes]] = []
        self.status = 204
        self.url = f"http://127.0.0.1:{self.server_address[1]}/checkpoints"


class _Keeper(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.headers["Content-Type"], body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Lend a server that takes whatever is posted."""
    with _running(Receiver()) as server:
        yield server


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def stamping(folder: Path) -> Iterator[Authority]:
    """Lend an authority whose keys are made in a folder."""
    folder.mkdir()
    (folder / "serial").write_text("01\n")
    config = folder / "config"
    config.write_text(_CONFIG.format(folder=folder))
    _make_certificate(folder, "root", "ca")
    _make_certificate(folder, "tsa", "tsa")

    class Stamper(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            (folder / "query").write_bytes(asked)
            _openssl(
                "ts", "-reply", "-config", config, "-section", "stamps",
                "-queryfile", folder / "query", "-out", folder / "reply",
            )  # fmt: skip
            answer = (folder / "reply").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with _running(ThreadingHTTPServer(("127.0.0.1", 0), Stamper)) as server:
        yield Authority(f"http://127.0.0.1:{server.server_address[1]}/", folder / "root.pem")


def _make_certificate(folder: Path, name: str, kind: str) -> None:
    own, request = folder / f"{name}.key", folder / f"{name}.csr"
    _openssl(
        "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN=test {name}",
        "-keyout", own, "-out", request,
    )  # fmt: skip
    signer = (
        ("-signkey", own)
        if kind == "ca"
        else ("-CA", folder / "root.pem", "-CAkey", folder / "root.key", "-CAcreateserial")
    )
    _openssl(
        "x509", "-req", "-in", request, *signer, "-days", 2, "-extfile", folder / "config",
        "-extensions", kind, "-out", folder / f"{name}.pem",
    )  # fmt: skip


def _openssl(*arguments: object) -> None:
    command = ["openssl", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
