"""OpenAI's own client against the API: whole and streamed, sync and async, errors and retries."""

import asyncio
import json

import openai
import pytest

HELLO = [{"role": "user", "content": "!say Hello there, friend."}]
TEXT = "Hello there, friend."


@pytest.fixture
def client(server, key):
    with openai.OpenAI(base_url=server.url, api_key=key, max_retries=0) as made:
        yield made


def ask(client, text="!say Hi", **more):
    given = {"model": "scripted", "messages": [{"role": "user", "content": text}]}
    return client.chat.completions.create(**(given | more))


def test_a_whole_answer(client):
    answer = ask(client, f"!say {TEXT}", max_tokens=50, temperature=0.5, top_p=0.9, seed=7)
    assert answer.object == "chat.completion"
    assert answer.model == "scripted@1"
    assert answer.choices[0].message.content == TEXT
    assert answer.choices[0].finish_reason == "stop"
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0


def test_a_streamed_answer(client):
    chunks = list(ask(client, f"!say {TEXT}", stream=True, stream_options={"include_usage": True}))
    deltas = [chunk.choices[0].delta for chunk in chunks[:-1]]
    assert deltas[0].role == "assistant"
    assert "".join(delta.content or "" for delta in deltas) == TEXT
    assert [chunk.choices[0].finish_reason for chunk in chunks[-3:-1]] == [None, "stop"]
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 0
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_stream_helper_reads_it(client):
    with client.chat.completions.stream(model="scripted", messages=HELLO) as stream:
        for _ in stream:
            pass
        assert stream.get_final_completion().choices[0].message.content == TEXT


def test_several_choices(client):
    answer = ask(client, n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert {choice.message.content for choice in answer.choices} == {"Hi"}
    seen = {}
    for chunk in ask(client, n=3, stream=True):
        for choice in chunk.choices:
            seen[choice.index] = seen.get(choice.index, "") + (choice.delta.content or "")
    assert seen == {0: "Hi", 1: "Hi", 2: "Hi"}


def test_an_answer_goes_back_as_it_came(client):
    message = ask(client).choices[0].message
    said = [{"role": "user", "content": "!say Hi"}, message, {"role": "user", "content": "!say Yo"}]
    answer = client.chat.completions.create(model="scripted", messages=said)
    assert answer.choices[0].message.content == "Yo"


def test_text_in_parts_and_every_role(client):
    parts = [{"type": "text", "text": "!say"}, {"type": "text", "text": "Parts"}]
    said = [
        {"role": "developer", "content": "Be brief."},
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": parts},
    ]
    answer = client.chat.completions.create(model="scripted", messages=said)
    assert answer.choices[0].message.content.strip() == "Parts"


def test_stop_and_length(client):
    whole = ask(client, model="tiny", max_tokens=12, temperature=0).choices[0].message.content
    stop = whole[3:6]
    stopped = ask(client, model="tiny", max_tokens=12, temperature=0, stop=[stop]).choices[0]
    assert stopped.message.content == whole[: whole.index(stop)]
    assert stopped.finish_reason == "stop"
    cut = ask(client, "!tokens 50", max_completion_tokens=5)
    assert cut.choices[0].finish_reason == "length"


def test_models_are_listed(client):
    listed = [one.id for one in client.models.list()]
    assert {"scripted", "prompt:support"} <= set(listed)
    assert client.models.retrieve("prompt:support").id == "prompt:support"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("nosuch")
    assert caught.value.code == "model_not_found"
    assert "GET /v1/models" in str(caught.value), "what a program can do"


def test_the_seed_decides(client):
    given = {"model": "tiny", "max_tokens": 8, "temperature": 1}
    one, same, other = (ask(client, seed=seed, **given) for seed in (1, 1, 2))
    assert one.choices[0].message.content == same.choices[0].message.content
    assert one.choices[0].message.content != other.choices[0].message.content


@pytest.mark.parametrize("stream", [False, True])
def test_logprobs_of_a_local_model(client, stream):
    given = {"model": "tiny", "max_tokens": 5, "logprobs": True, "top_logprobs": 2}
    answer = ask(client, stream=stream, **given)
    choices = [part.choices[0] for part in (answer if stream else [answer])]
    tokens = [one for choice in choices if choice.logprobs for one in choice.logprobs.content]
    assert 1 <= len(tokens) <= 5
    for one in tokens:
        assert one.logprob <= 0
        assert len(one.top_logprobs) == 2
        assert bytes(one.bytes).decode("utf-8", "replace") is not None


def test_logprobs_of_other_models_are_refused(client):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, logprobs=True)
    assert caught.value.param == "logprobs"


def test_completions(client):
    given = {"model": "tiny", "max_tokens": 5, "temperature": 0}
    answer = client.completions.create(prompt=["The parcel", "Thank you"], n=2, **given)
    texts = [one.text for one in answer.choices]
    assert [one.index for one in answer.choices] == [0, 1, 2, 3]
    assert (texts[0], texts[2]) == (texts[1], texts[3])
    parts = client.completions.create(prompt="The parcel", stream=True, **given)
    assert "".join(part.choices[0].text for part in parts) == texts[0]
    told = client.completions.create(prompt="The parcel", logprobs=2, **given).choices[0].logprobs
    assert len(told.tokens) == len(told.token_logprobs) == len(told.top_logprobs)
    assert told.text_offset[0] == 0


def test_responses(client):
    answer = client.responses.create(model="scripted", input=f"!say {TEXT}", instructions="Be kind")
    assert (answer.output_text, answer.status) == (TEXT, "completed")
    assert answer.usage.total_tokens > 0
    cut = client.responses.create(model="scripted", input="!tokens 50", max_output_tokens=5)
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")


def test_streamed_responses(client):
    kinds = []
    with client.responses.stream(model="scripted", input=f"!say {TEXT}") as stream:
        kinds = [event.type for event in stream]
        assert stream.get_final_response().output_text == TEXT
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"


def test_embeddings(client):
    [name] = [one.id for one in client.models.list() if one.kind == "embedding"]
    texts = ["where is my parcel", "thank you"]
    packed = client.embeddings.create(model=name, input=texts).data
    plain = client.embeddings.create(model=name, input=texts, encoding_format="float").data
    for one, other in zip(packed, plain, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
        assert sum(x * x for x in one.embedding) == pytest.approx(1, abs=1e-4)
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="text-embedding-3-small", input="x")
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model=name, input=[1, 2, 3])


def test_json_of_a_schema(client):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    shape = {"type": "json_schema", "json_schema": {"name": "one", "schema": schema}}
    answer = ask(client, '!say {"a": 3}', response_format=shape)
    assert json.loads(answer.choices[0].message.content) == {"a": 3}


def test_a_prompt_with_its_inputs(client):
    answer = ask(
        client, "!say As a prompt", model="prompt:support", metadata={"company": "Lamp House"}
    )
    assert answer.choices[0].message.content == "As a prompt"
    assert answer.prompt_version == 1


def test_async_and_streamed(server, key):
    async def scene():
        async with openai.AsyncOpenAI(base_url=server.url, api_key=key) as client:
            whole = await ask(client, f"!say {TEXT}")
            parts = [
                chunk.choices[0].delta.content or ""
                async for chunk in await ask(client, f"!say {TEXT}", stream=True)
            ]
            many = await asyncio.gather(*(ask(client, f"!say {n}") for n in range(8)))
            return whole.choices[0].message.content, "".join(parts), many

    whole, streamed, many = asyncio.run(scene())
    assert (whole, streamed) == (TEXT, TEXT)
    assert [one.choices[0].message.content for one in many] == [str(n) for n in range(8)]


# Errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("!429 7", openai.RateLimitError, "rate_limit_exceeded"),
        ("!quota", openai.RateLimitError, "insufficient_quota"),
        ("!500", openai.InternalServerError, "broken"),
        ("!garbage", openai.InternalServerError, "broken"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_failing_model(client, text, kind, code, stream):
    with pytest.raises(kind) as caught:
        ask(client, text, stream=stream)
    assert caught.value.code == code
    if text == "!429 7":
        assert caught.value.response.headers["retry-after"] == "7"


def test_a_stream_that_breaks_off_says_so(client):
    stream = ask(client, "!tokens 30 !break 3", stream=True)
    begun = [next(stream).choices[0].delta.content for _ in range(3)]
    assert "".join(begun)
    with pytest.raises(openai.APIError) as caught:
        list(stream)
    assert "broke off" in caught.value.message


def test_a_wrong_key(server):
    client = openai.OpenAI(base_url=server.url, api_key="sk-nobody", max_retries=0)
    with client, pytest.raises(openai.AuthenticationError) as caught:
        ask(client)
    assert caught.value.code == "invalid_api_key"


def test_a_model_that_is_not_allowed(server):
    key = server.key(models=("starter",))
    client = openai.OpenAI(base_url=server.url, api_key=key, max_retries=0)
    with client, pytest.raises(openai.PermissionDeniedError) as caught:
        ask(client)
    assert caught.value.code == "model_not_allowed"
    assert caught.value.param == "model"


def test_an_unsupported_field_is_refused_by_name(client):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, tools=[{"type": "function", "function": {"name": "x"}}])
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "tools")


def test_the_client_tries_again_by_itself(server, key):
    with openai.OpenAI(base_url=server.url, api_key=key, max_retries=2) as client:
        assert "once" not in ask(client, "!once !429 0").choices[0].message.content


def test_a_limit_says_when(server):
    key = server.key(requests_minute=2)
    with openai.OpenAI(base_url=server.url, api_key=key, max_retries=0) as client:
        first = client.chat.completions.with_raw_response.create(model="scripted", messages=HELLO)
        assert first.headers["x-ratelimit-remaining-requests"] == "1"
        ask(client)
        with pytest.raises(openai.RateLimitError) as caught:
            ask(client)
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 60


def test_the_same_call_twice_is_one(server, key):
    with openai.OpenAI(base_url=server.url, api_key=key) as client:
        named = {"extra_headers": {"Idempotency-Key": "order 1"}}
        first, second = (ask(client, "!tokens 5", **named) for _ in range(2))
        assert first.id == second.id
        named = {"extra_headers": {"Idempotency-Key": "order 2"}, "stream": True}
        streams = [[one.id for one in ask(client, "!tokens 5", **named)] for _ in range(2)]
        assert streams[0] == streams[1]
        with pytest.raises(openai.ConflictError):
            ask(client, "!tokens 6", extra_headers={"Idempotency-Key": "order 1"})
        for name in ("", "x" * 256, "tab\there"):
            with pytest.raises(openai.BadRequestError):
                ask(client, extra_headers={"Idempotency-Key": name})
