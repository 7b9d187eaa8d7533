"""Wire models as functions have them (compiled, without pydantic) against the same models in pydantic."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.compile_models import ROOT, modules, plain
from tests.support.model_answers import made_of
from tests.support.near_a_schema import values

EXAMPLES = 16
RIGHT = {
    "twinshore.exchange.wire:LinkConfirmation": {"cell": "eu", "code": "ABCD-EFGH", "consent": True},
    "twinshore.outbound_webhooks.wire:WebhookSubscriptionIn": {
        "url": "https://a.test/",
        "events": ["payment.captured"],
    },
}
"""Where chance does not find what a function behind the schema takes."""
SCHEMAS = {
    f"{module}:{name}": schema
    for module, file in modules().items()
    if module.startswith("twinshore")
    for name, schema in json.loads(file.with_suffix(".json").read_text(encoding="utf-8")).items()
}
Ask = Callable[[str, Any], Any]


@pytest.fixture(scope="module")
def in_pydantic() -> Iterator[Ask]:
    command = [sys.executable, "-m", "tests.support.model_answers"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin and stdout

        def ask(name: str, value: Any) -> Any:
            print(json.dumps([name, value]), file=stdin, flush=True)
            return json.loads(stdout.readline())

        yield ask
        stdin.close()


def test_the_compiled_schemas_are_up_to_date() -> None:
    command = [sys.executable, "-m", "infra.compile_models", "--check"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_compiled_model_takes_refuses_and_answers_as_in_pydantic(name: str, in_pydantic: Ask) -> None:
    taken = []
    near = values(SCHEMAS[name]) | st.sampled_from([RIGHT.get(name), 1, [], {"unknown": 1}])

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.data())
    def compare(data: Any) -> None:
        value = json.loads(json.dumps(data.draw(near)))
        here = made_of(name, value)
        assert here == in_pydantic(name, value)
        taken.append("raised" not in here["json"])

    compare()
    assert any(taken), "nothing that was tried is valid"
    assert not all(taken), "nothing that was tried is invalid"


FIRST_ANSWER = """
import sys
from twinshore.money_wire import AmountIn
from twinshore.login.wire import LoginRequest, SessionAnswer
assert LoginRequest.model_validate_json(b'{"code": "c"}').code == "c"
try:
    LoginRequest.model_validate({"code": ""})
except ValueError as err:
    assert err.errors(include_url=False)[0]["type"] == "string_too_short"
SessionAnswer(access_token="a", refresh_token="r", expires_in=1, member_id="m", home_cell="eu").model_dump_json()
heavy = {"pydantic", "pydantic_core", "inspect", "dataclasses", "decimal", "uuid", "typing_extensions"}
print(sorted(heavy & set(sys.modules)))
"""


def test_what_comes_is_checked_and_answered_with_the_compiled_half_of_pydantic_alone() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_ANSWER], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"


TWO_FIRST_REQUESTS = """
import sys, threading, time
from twinshore.points import wire

loading, answers = threading.Event(), []

def slowly(frame, event, argument):
    module = getattr(frame.f_locals.get("module"), "__name__", "")
    if (event, frame.f_code.co_name, module) == ("call", "exec_module", "pydantic_core._pydantic_core"):
        loading.set()
        time.sleep(0.3)

def ask(hook):
    sys.setprofile(hook)
    try:
        answers.append(wire.EntriesQuery.model_validate({}).limit)
    except BaseException as err:
        answers.append(repr(err))

first = threading.Thread(target=ask, args=(slowly,))
first.start()
assert loading.wait(10)
ask(None)
first.join()
print(answers)
"""


def test_a_second_first_request_waits_until_the_compiled_half_is_whole() -> None:
    """Where an instance takes several requests at a time, as SCF's may and the box's do."""
    command = [sys.executable, "-c", TWO_FIRST_REQUESTS]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[20, 20]"


def test_pydantic_still_works_beside_compiled_models() -> None:
    code = (
        FIRST_ANSWER + "\nimport pydantic, pydantic_core\nprint(pydantic.TypeAdapter(list[int]).validate_json('[1]'))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[1]"


@pytest.mark.parametrize(
    "part",
    [
        pytest.param({"type": "function-before", "function": lambda text: text}, id="a function without a name"),
        pytest.param({"type": "model-field", "serialization_alias": "from"}, id="another name in answers"),
        pytest.param({"type": "str", "serialization": {"type": "to-string"}}, id="another form in answers"),
        pytest.param({"type": "default", "default": (1,)}, id="no JSON"),
    ],
)
def test_a_model_that_would_behave_otherwise_is_not_compiled(part: Any) -> None:
    with pytest.raises(TypeError):
        plain(part)
