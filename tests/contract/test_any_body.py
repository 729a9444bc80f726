"""Generated bodies for chat completions: never a 5xx, always OpenAI's shape."""

import json
import string
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CHAT = "/v1/chat/completions"
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
PARTS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["text", "image_url", "file", "thinking", "refusal"])},
        optional={"text": st.text(max_size=30) | ANY_JSON, "image_url": ANY_JSON},
    ),
    max_size=3,
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "developer", "user", "assistant", "tool"])},
    optional={
        "content": st.text(max_size=50) | PARTS | ANY_JSON,
        "tool_calls": ANY_JSON,
        "name": ANY_JSON,
        "tool_call_id": ANY_JSON,
    },
)
KNOWN = {
    "model": st.sampled_from(["acme/fast", "acme/none"]) | st.text(string.printable, max_size=20),
    "messages": st.lists(MESSAGE, min_size=1, max_size=3) | ANY_JSON,
}
OPTIONAL = {
    "stream": st.booleans() | ANY_JSON,
    "stream_options": st.fixed_dictionaries({}, optional={"include_usage": ANY_JSON}) | ANY_JSON,
    "temperature": st.floats(-1, 3) | st.integers(-1, 3) | ANY_JSON,
    "max_tokens": st.integers(-1, 2**64) | ANY_JSON,
    "n": ANY_JSON,
    "tools": ANY_JSON,
    "web_search": ANY_JSON,
    "stop": ANY_JSON,
    "x_vendor": ANY_JSON,
}
BODIES = st.fixed_dictionaries(KNOWN, optional=OPTIONAL) | ANY_JSON

TEXTS = st.text(max_size=20)
OPERATIONS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "embeddings": {
        "input": TEXTS | st.lists(TEXTS | st.integers(), max_size=3),
        "encoding_format": st.sampled_from(["float", "base64"]),
    },
    "images/generations": {"prompt": TEXTS, "n": st.integers(-1, 12), "stream": st.booleans()},
    "images/edits": {"prompt": TEXTS, "images": st.lists(ANY_JSON, max_size=18)},
    "moderations": {"input": TEXTS | st.lists(TEXTS | PARTS, max_size=3)},
    "rerank": {"query": TEXTS, "documents": st.lists(TEXTS), "top_n": st.integers(-1, 5)},
}


def assert_is_right(answer: httpx.Response, body: bytes) -> None:
    assert answer.status_code < 500, body
    assert answer.headers["x-request-id"]
    if answer.status_code != 200:
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
        assert len(answer.content) < 2_000


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=BODIES)
def test_any_json_as_body(portal: httpx.Client, body: Any) -> None:
    content = json.dumps(body).encode()

    assert_is_right(portal.post(CHAT, content=content), content)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(route=st.sampled_from(sorted(OPERATIONS)), fields=st.data())
def test_any_json_for_any_operation(
    portal: httpx.Client, route: str, fields: st.DataObject
) -> None:
    known = {name: values | ANY_JSON for name, values in OPERATIONS[route].items()}
    strategy = st.fixed_dictionaries({"model": KNOWN["model"]}, optional=known) | ANY_JSON
    content = json.dumps(fields.draw(strategy)).encode()

    assert_is_right(portal.post(f"/v1/{route}", content=content), content)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(where=st.integers(0, 60), drop=st.integers(0, 20), put=st.binary(max_size=20))
def test_any_damage_to_a_good_body(portal: httpx.Client, where: int, drop: int, put: bytes) -> None:
    good = json.dumps(
        {"model": "acme/fast", "messages": [{"role": "user", "content": "Hi"}]}
    ).encode()
    content = good[:where] + put + good[where + drop :]

    assert_is_right(portal.post(CHAT, content=content), content)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.text(string.ascii_letters + string.digits + "/%._~-+:;@", max_size=60),
    base=st.sampled_from(["/v1/", "/api/", "/api/v1/", "/api/auth/"]),
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
)
def test_any_path_below_the_api(portal: httpx.Client, base: str, path: str, method: str) -> None:
    answer = portal.request(
        method, httpx.URL(str(portal.base_url)).copy_with(raw_path=(base + path).encode())
    )

    assert_is_right(answer, path.encode())
