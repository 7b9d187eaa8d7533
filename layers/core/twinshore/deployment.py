"""Where a function runs: its settings, its cell, its secrets. Read at the first call, never at import.

Settings, all from the environment, set at deploy:
    TWINSHORE_CELL        the cell this function runs in, e.g. `cn`
    TWINSHORE_STORE       `sqlite:PATH`, `dynamodb:TABLE` (`dynamodb-sdk:TABLE`: by boto3), or `postgresql:SECRET`
                          with the name of the secret that holds the DSN
    TWINSHORE_SECRETS     `file:PATH`, `aws` or `tencent`; `aws:sdk`, `tencent:sdk` by the official packages
    TWINSHORE_OUTSIDE     JSON object, outside party -> base URL, for twins; absent in production
    TWINSHORE_ALIAS       on Tencent, the alias by which functions call each other; absent: `$DEFAULT`
    TWINSHORE_CELLS_FILE  another compiled cells file; absent in production
"""

import json
import os
import time
from functools import wraps
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, ParamSpec, TypeVar

from twinshore.cells import Cell, Cells, Residency, load_cells

if TYPE_CHECKING:
    from twinshore.secret_port import Secrets


_Takes = ParamSpec("_Takes")
_Part = TypeVar("_Part")
_built: dict[Any, Any] = {}
"""What this instance has built so far."""


def kept(build: Callable[_Takes, _Part]) -> Callable[_Takes, _Part]:
    """Built at its first call, and kept for the life of the instance under its full name, e.g. `twinshore.wiring.store`
    (with what it was called with, if that is anything)."""
    name = f"{build.__module__}.{build.__qualname__}"

    @wraps(build)
    def part(*args: _Takes.args, **kwargs: _Takes.kwargs) -> _Part:
        key = (name, args, tuple(kwargs.items())) if args or kwargs else name
        try:
            found: _Part = _built[key]
        except KeyError:
            found = _built[key] = build(*args, **kwargs)
        return found

    return part


def become(built: dict[Any, Any]) -> dict[Any, Any]:
    """Go on as the instance that has built these parts, and give back those of the one before. One process can be many
    instances in turn, with parts of its own choice: so the simulation runs four cells (docs/decisions/0185)."""
    global _built
    before, _built = _built, built
    return before


class Settings(NamedTuple):
    cell: str
    store: str
    secrets: str
    outside: dict[str, str]
    cells_file: str


class Misconfigured(Exception):
    """A setting is missing or cannot be read: the function must not start to serve. Says which, never its value."""


@kept
def settings() -> Settings:
    """Raises Misconfigured."""
    for name in ("TWINSHORE_CELL", "TWINSHORE_STORE", "TWINSHORE_SECRETS"):
        if not os.environ.get(name):
            raise Misconfigured(f"{name} is not set")
    try:
        outside = json.loads(os.environ.get("TWINSHORE_OUTSIDE") or "{}")
    except ValueError:
        raise Misconfigured("TWINSHORE_OUTSIDE is not JSON") from None
    return Settings(
        os.environ["TWINSHORE_CELL"], os.environ["TWINSHORE_STORE"], os.environ["TWINSHORE_SECRETS"], outside,
        os.environ.get("TWINSHORE_CELLS_FILE", ""),
    )  # fmt: skip


def now() -> int:
    """Seconds since the epoch. The one clock of the doors."""
    return int(time.time())


@kept
def cells() -> Cells:
    return load_cells(settings().cells_file)


@kept
def cell() -> Cell:
    try:
        return cells().all[settings().cell]
    except KeyError:
        raise Misconfigured("TWINSHORE_CELL names no cell of the cells file") from None


def cell_name() -> str:
    return cell().name


def cloud() -> str:
    return cell().cloud


def endpoint_of(name: str) -> str | None:
    """Where another cell answers; None for a name that is no cell."""
    known = cells().all.get(name)
    return known.endpoint if known else None


@kept
def residency() -> Residency:
    return Residency(cells(), cell_name())


def outside(party: str, default: str) -> str:
    """The base URL of an outside party: the twin's, if one is set, else `default`."""
    return settings().outside.get(party, default)


@kept
def secrets() -> "Secrets":
    kind, _, rest = settings().secrets.partition(":")
    if kind == "file":
        from twinshore.clouds.local.secrets import FileSecrets

        return FileSecrets(rest)
    if rest == "sdk":
        return _sdk_secrets(kind)
    if kind == "aws":
        from twinshore.clouds.aws.secrets import SecretsManager

        return SecretsManager(cell())
    if kind == "tencent":
        from twinshore.clouds.tencent.secrets import SsmSecrets

        return SsmSecrets(cell(), outside("ssm", ""))
    raise Misconfigured("TWINSHORE_SECRETS is not file:PATH, aws or tencent")


def _sdk_secrets(kind: str) -> "Secrets":
    if kind == "aws":
        from twinshore.clouds.aws.sdk import PowertoolsSecrets

        return PowertoolsSecrets(cell())
    from twinshore.clouds.tencent.sdk import SdkSecrets

    return SdkSecrets(cell(), outside("ssm", ""))


def secret(name: str) -> str:
    """Raises SecretMissing."""
    return secrets().get(name)
