"""Keys of checkpoints (Ed25519): a private one in a file that only its owner can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from softbalance.service.store import hash_bytes


class UnusableSigningKey(Exception):
    """A key that cannot be made, read or used; the message says what to do."""


def make_key(path: Path) -> Ed25519PrivateKey:
    """Make a private key in a new file, for its owner only. Raises UnusableSigningKey."""
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except FileExistsError as error:
        raise UnusableSigningKey(f"{path} is there already; name another file") from error
    except OSError as error:
        raise UnusableSigningKey(f"{path} cannot be written: {error.strerror}") from error
    return key


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read a private key. Raises UnusableSigningKey, also if others than its owner can read it."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise UnusableSigningKey(
                    f"others than its owner may use the key {path}; make that `chmod 600 {path}`, "
                    "and if others could read it, make a new key"
                )
            key = load_pem_private_key(file.read(), None)
    except OSError as error:
        raise UnusableSigningKey(f"the key {path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableSigningKey(_explain(path, "a private")) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableSigningKey(_explain(path, "a private"))
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key. Raises UnusableSigningKey."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise UnusableSigningKey(f"the key {path} cannot be read: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableSigningKey(_explain(path, "a public")) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UnusableSigningKey(_explain(path, "a public"))
    return key


def _explain(path: Path, kind: str) -> str:
    return (
        f"{path} holds no Ed25519 key as {kind} one in PEM; `softbalance audit new-key` makes one, "
        "and `softbalance audit public-key` prints its public part"
    )


def dump_public_key(key: Ed25519PublicKey) -> str:
    """Return a public key in PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def name_key(key: Ed25519PublicKey) -> str:
    """Return what a checkpoint calls its key: the digest of the 32 bytes of the public one."""
    return hash_bytes(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def is_signed(message: bytes, signature: bytes, keys: Iterable[Ed25519PublicKey]) -> bool:
    """Return whether one of the keys has signed a message."""
    for key in keys:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            continue
        return True
    return False
