"""Signing: the gateway's own ed25519 key, and checking what it signed.

The private key is made once and lies in the state folder, readable by the gateway's user alone.
Whoever may do without it imports this module late: the library takes 10 MB.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gateway.adapters.files import hand_over, sync_directory
from gateway.adapters.state import StateUnusable
from gateway.model.errors import WrongInput

_PREFIX: Final = "ed25519:"
_FILE: Final = "ledger.key"


class Signer:
    """Signs with one key.

    Attributes:
        public: the public key, ``ed25519:`` and base64.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = _PREFIX + base64.b64encode(key.public_key().public_bytes_raw()).decode()

    def sign(self, text: bytes) -> str:
        """The signature, base64."""
        return base64.b64encode(self._key.sign(text)).decode("ascii")


def has_key(directory: Path) -> bool:
    """Whether the state folder has a key already."""
    return (directory / _FILE).exists()


def open_signer(directory: Path, *, make: bool = True) -> Signer:
    """The key of a state folder, made if there is none and ``make``.

    Raises:
        StateUnusable: it cannot be read or made.
    """
    path = directory / _FILE
    try:
        if make and not path.exists():
            _make(path)
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        message = f"{path}: {error.strerror or error}; the ledger is sealed with this key"
        raise StateUnusable(message) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        message = f"{path}: this is no key ({error}); restore it from a backup"
        raise StateUnusable(message) from error
    if not isinstance(key, Ed25519PrivateKey):
        message = f"{path}: this is no ed25519 key; restore it from a backup"
        raise StateUnusable(message)
    return Signer(key)


def _make(path: Path) -> None:
    made = Ed25519PrivateKey.generate()
    content = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
        hand_over(file.fileno(), path.parent)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_directory(path.parent)


def is_signed(key: str, signature: str, text: bytes) -> bool:
    """Whether the owner of ``key`` signed the text."""
    try:
        public = Ed25519PublicKey.from_public_bytes(public_bytes(key))
        public.verify(base64.b64decode(signature, validate=True), text)
    except (InvalidSignature, WrongInput, ValueError):
        return False
    return True


def public_bytes(key: str) -> bytes:
    """The 32 bytes of a public key as it is written.

    Raises:
        WrongInput: it is none.
    """
    try:
        found = base64.b64decode(key.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not key.startswith(_PREFIX) or len(found) != 32:  # noqa: PLR2004 - of ed25519
        message = f"{key!r} is no key; expected ed25519: and 44 characters of base64"
        raise WrongInput(message)
    return found
