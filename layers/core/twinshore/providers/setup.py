"""What a provider's `entry.build` is given."""

from typing import Callable, NamedTuple, Protocol


class Vault(Protocol):
    """Keeps a provider's own secrets of one payment (e.g. a payer's access token), encrypted at rest."""

    def put(self, reference: str, text: str, expires_at: int) -> None:
        """`reference`: of the attempt. What was kept under it is replaced. `expires_at`: seconds since the epoch."""

    def get(self, reference: str) -> str:
        """ "" if there is none, or no longer."""

    def change(self, reference: str, update: Callable[[str], tuple[str, int]]) -> str:
        """For what several may write at once. update: from what is kept ("" if nothing) to what shall be kept, and
        until when; called again if somebody else was faster. What is kept afterwards; the same text writes nothing."""


class Setup(NamedTuple):
    secret_json: str
    """The provider's secret in this cell; its form is the provider's own (see `configuration.ProviderSecret`)."""
    base_url: str
    """Of a twin; "" for the real one, which the provider knows."""
    notify_url: str
    """Where its notices go."""
    vault: Vault
