"""Signatures of a user's own runs, which mark them as trusted. Never imports torch.

The settings of a run name folders that are read and written. That is safe if the user gave them,
but not if they come with somebody else's run folder. Every run is therefore signed with a secret
key of the user, which never leaves the user's home folder.
"""

import hmac
import json
import os
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import Any

KEY_BYTES = 32


def sign(config: str, trusted: Collection[str]) -> dict[str, Any]:
    """Sign the settings of a run.

    Args:
        config: Content of its `config.yaml`.
        trusted: Names whose code may be run or which may be downloaded.

    Returns:
        The names and the signature, which is empty if no key can be kept.
    """
    key = _read_or_make_key()
    names = sorted(trusted)
    return {"trusted": names, "signature": "" if key is None else _digest(key, config, names)}


def read_trusted(config: str, origin: Any) -> tuple[str, ...] | None:
    """Check a signature.

    Args:
        config: Content of a `config.yaml`.
        origin: What `sign` may have returned for it, read from a file of the same run.

    Returns:
        The names that were trusted; None if this user did not sign these settings.
    """
    key = _read_key()
    try:
        names = [str(name) for name in origin["trusted"]]
        signature = str(origin["signature"])
    except (KeyError, TypeError):
        return None
    if key is None or not hmac.compare_digest(signature, _digest(key, config, names)):
        return None
    return tuple(names)


def _digest(key: bytes, config: str, names: list[str]) -> str:
    return hmac.new(key, json.dumps([config, names]).encode(), "sha256").hexdigest()


def _key_file() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "gaussrep" / "key"


def _read_key() -> bytes | None:
    try:
        key = _key_file().read_bytes()
    except (OSError, RuntimeError):  # there is none, or no home folder
        return None
    return key if len(key) == KEY_BYTES else None


def _read_or_make_key() -> bytes | None:
    try:
        file = _key_file()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except (OSError, RuntimeError):  # it is there, or the home folder cannot be written
        return _read_key()
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(secrets.token_bytes(KEY_BYTES))
    return _read_key()
