"""GET /api/conversations: what a key's calls stored, page by page, and nobody else's."""

import base64
import itertools

import httpx
import pytest

CHAT = "/v1/chat/completions"
LIST = "/api/conversations"


class Program:
    """A program with a key that stores."""

    def __init__(self, server):
        headers = {"authorization": f"Bearer {server.key(stores=True)}"}
        self.http = httpx.Client(base_url=server.address, headers=headers, timeout=60)

    def ask(self, *texts, **more):
        roles = itertools.cycle(("user", "assistant"))
        said = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
        answer = self.http.post(CHAT, json={"model": "scripted", "messages": said, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pages(self, path, **query):
        """All pages of a list, each as its rows."""
        cursor, found = None, []
        while True:
            given = query | ({"cursor": cursor} if cursor else {})
            page = self.http.get(path, params=given).json()
            found.append(page.get("data", page.get("messages")))
            cursor = page["next"]
            assert page["has_more"] == (cursor is not None)
            if cursor is None:
                return found


@pytest.fixture
def program(server):
    made = Program(server)
    yield made
    made.http.close()


def test_a_stored_answer_says_where(program):
    answer = program.ask("!say Hi")
    shown = program.http.get(f"{LIST}/{answer['conversation']}").json()
    assert [(one["role"], one["content"]) for one in shown["messages"]] == [
        ("user", "!say Hi"),
        ("assistant", "Hi"),
    ]
    assert shown["messages"][1]["id"] == answer["message"]
    assert shown["messages"][1]["model"] == "scripted@1"
    assert shown["channel"] == "api"


def test_the_same_dialog_goes_on_in_its_conversation(program):
    first = program.ask("!say Hi")
    second = program.ask("!say Hi", "Hi", "!say Bye")
    assert second["conversation"] == first["conversation"]
    assert len(program.pages(LIST)[0]) == 1


def test_pages_of_the_list(program):
    made = [program.ask(f"!say {n}")["conversation"] for n in range(5)]
    pages = program.pages(LIST, limit=2)
    assert [[row["id"] for row in page] for page in pages] == [
        [made[4], made[3]],
        [made[2], made[1]],
        [made[0]],
    ]


def test_a_page_goes_on_where_the_last_one_was_deleted(program):
    made = [program.ask(f"!say {n}")["conversation"] for n in range(4)]
    first = program.http.get(LIST, params={"limit": 2}).json()
    for row in first["data"]:
        gone = program.http.delete(f"{LIST}/{row['id']}").json()
        assert gone == {"id": row["id"], "object": "conversation.deleted", "deleted": True}
    program.ask("!say new")
    rest = program.http.get(LIST, params={"limit": 2, "cursor": first["next"]}).json()
    assert [row["id"] for row in rest["data"]] == [made[1], made[0]]


def test_pages_of_a_conversation(program):
    texts = ["!say 0"]
    for n in range(1, 4):
        where = program.ask(*texts)["conversation"]
        texts += [str(n - 1), f"!say {n}"]
    pages = program.pages(f"{LIST}/{where}", limit=4)
    assert [one["content"] for page in reversed(pages) for one in page] == texts[:-1]


def test_what_is_not_to_be_stored_is_not(program):
    assert "conversation" not in program.ask("!say Hi", store=False)
    assert program.pages(LIST) == [[]]


def test_a_key_that_stores_nothing_cannot_be_asked_to(http):
    body = {"model": "scripted", "messages": [{"role": "user", "content": "x"}], "store": True}
    answer = http.post(CHAT, json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "store")


def test_others_conversations_are_not_found(program, server):
    where = program.ask("!say secret")["conversation"]
    other = Program(server)
    with other.http as http:
        assert http.get(LIST).json()["data"] == []
        for method in ("GET", "DELETE"):
            assert http.request(method, f"{LIST}/{where}").status_code == 404
        body = {"model": "scripted", "messages": [{"role": "user", "content": "x"}]}
        assert http.post(CHAT, json=body | {"conversation": where}).status_code == 404
        answer = http.get(LIST, params={"cursor": program.http.get(LIST).text[:20]})
        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"limit": "0000000019999"}, "limit"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"cursor": base64.b64encode(b"0001-01-01T00:00:00+23:59 x").decode()}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"page": "2"}, "page"),
    ],
)
def test_wrong_pages(http, query, param):
    answer = http.get(LIST, params=query)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
