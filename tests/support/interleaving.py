"""Runs several actors on one store in a given order of their store calls, so that every interleaving can be tried."""

from __future__ import annotations

import threading
from typing import Any, Callable, Sequence

WAIT_LIMIT_SECONDS = 10.0


class Stage:
    """`Stage(store).play({"a": act, "b": act}, ["a", "b", "b", "a"])`: each act gets a store of its own whose calls
    happen in the order of the script, one actor per entry; when the script ends (or an actor has nothing left to do at
    its entry) the others go on, in the order in which they were named."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def play(self, actors: dict[str, Callable[[Any], object]], script: Sequence[str]) -> dict[str, object]:
        """What each actor returned; an exception of one is raised here."""
        roles = {name: _Role(self._store, act) for name, act in actors.items()}
        for role in roles.values():
            role.begin()
        for name in script:
            roles[name].one_call()
        while not all(role.done for role in roles.values()):
            for role in roles.values():
                role.one_call()
        return {name: role.result() for name, role in roles.items()}


class _Role:
    def __init__(self, store: Any, act: Callable[[Any], object]) -> None:
        self.store, self.act = store, act
        self.done = False
        self._may_call, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._result: object = None
        self._error: BaseException | None = None

    def begin(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()
        assert self._stopped.acquire(timeout=WAIT_LIMIT_SECONDS)

    def one_call(self) -> None:
        if not self.done:
            self._may_call.release()
            assert self._stopped.acquire(timeout=WAIT_LIMIT_SECONDS), "an actor is stuck"

    def result(self) -> object:
        if self._error is not None:
            raise self._error
        return self._result

    def _run(self) -> None:
        try:
            self._result = self.act(_GatedStore(self))
        except BaseException as err:
            self._error = err
        self.done = True
        self._stopped.release()

    def gate(self) -> None:
        self._stopped.release()
        assert self._may_call.acquire(timeout=WAIT_LIMIT_SECONDS)


class _GatedStore:
    def __init__(self, role: _Role) -> None:
        self._role = role

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._role.store, name)

        def gated(*args: Any, **kwargs: Any) -> Any:
            self._role.gate()
            return call(*args, **kwargs)

        return gated
