"""Secrets of the box and of tests: a JSON file, an object of names and texts. Read at each call: an edit counts."""

from __future__ import annotations

import json

from twinshore.secret_port import SecretMissing, SecretsUnavailable, present


class FileSecrets:
    def __init__(self, path: str) -> None:
        self._path = path

    def get(self, name: str) -> str:
        try:
            with open(self._path, encoding="utf-8") as file:
                secrets = json.load(file)
        except FileNotFoundError as err:
            raise SecretMissing(name) from err
        except (OSError, ValueError) as err:
            # ValueError's own text may quote the file: it is not passed on.
            raise SecretsUnavailable("the secrets file cannot be read") from err
        return present(name, secrets.get(name) if isinstance(secrets, dict) else None)
