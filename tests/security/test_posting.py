"""Addresses that people typed: what is private is not reached, what misbehaves takes its time.

Category D of the reference: a canary reached directly, by a redirect, as an IPv6-mapped address, by
a name whose answer changes. It must get nothing.
"""

import ssl
from ipaddress import ip_address

import pytest

from chatbot.net import AddressRefused, NotReached, Poster, is_public
from tests.support import certificates
from tests.support.canary import Canary, forms
from tests.support.hooks import receiver

HERE = ("127.0.0.1",)
METADATA = "http://169.254.169.254/latest/meta-data/"


@pytest.fixture(scope="module")
def canary():
    with Canary() as canary:
        yield canary


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return certificates.made_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def served(files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


@pytest.fixture
def trusting(files):
    return ssl.create_default_context(cafile=files[0])


@pytest.fixture
def taker():
    with receiver() as taker:
        yield taker


def test_no_spelling_of_this_machine_is_asked(canary):
    for url in forms(canary.port):
        for spelled in (url, url.replace("http://", "https://")):
            with pytest.raises((AddressRefused, NotReached)):
                Poster().post(spelled, {}, b"{}")
    assert canary.asked == []


def test_an_allowed_host_is_asked_and_no_other(canary, taker):
    poster = Poster(HERE)
    assert poster.post(taker.url, {"x-a": "b"}, b"body").status == 204
    [(headers, body)] = taker.taken
    assert (headers["x-a"], headers["host"], body) == ("b", f"127.0.0.1:{taker.port}", b"body")
    assert headers[":first"] == "POST /hook HTTP/1.1"
    others = [each for each in forms(canary.port) if "//127.0.0.1" not in each]
    for url in others:
        with pytest.raises((AddressRefused, NotReached)):
            poster.post(url, {}, b"{}")
    assert canary.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leads_nowhere(canary, taker, status):
    for to in (f"http://{canary.address}/x", f"http://[::1]:{canary.port}/", METADATA, "/again"):
        head = f"HTTP/1.1 {status} Over There\r\nLocation: {to}\r\n\r\n"
        taker.answers.append(head.encode())
        assert Poster(HERE).post(taker.url, {}, b"{}").status == status
    assert canary.asked == []
    assert len(taker.taken) == 4


def test_a_name_is_looked_up_once_and_what_was_checked_is_asked(canary):
    """Its first answer is fine, each later one is the canary."""
    answers = [["127.0.0.2"]]

    def changing(_host, _port):
        return answers.pop(0) if answers else ["127.0.0.1"]

    poster = Poster(["rebinding.test"], resolver=changing)
    with receiver(host="127.0.0.2", port=canary.port) as first:
        assert poster.post(f"http://rebinding.test:{canary.port}/", {}, b"{}").status == 204
        assert first.taken[0][0]["host"] == f"rebinding.test:{canary.port}"
    assert canary.asked == []


def test_a_name_whose_answer_has_become_private_is_refused(canary, served, trusting):
    """Over TLS, as anybody's address is: 127.0.0.2 stands for the public network here."""
    answers = [["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2", "127.0.0.1"], ["::ffff:127.0.0.1"]]
    poster = Poster(
        tls=trusting,
        resolver=lambda *_: answers.pop(0),
        public=lambda each: str(each) == "127.0.0.2",
    )
    url = f"https://rebinding.test:{canary.port}/"
    with receiver(host="127.0.0.2", port=canary.port, tls=served):
        with pytest.raises(NotReached, match="certificate"):  # asked, and not who it says it is
            poster.post(url, {}, b"{}")
        for _ in range(3):
            with pytest.raises(AddressRefused, match="private"):
                poster.post(url, {}, b"{}")
    assert (answers, canary.asked) == ([], [])


def test_certificates_are_verified(served, trusting):
    with receiver(tls=served) as taker:
        with pytest.raises(NotReached, match="certificate is not trusted"):
            Poster(HERE).post(taker.url, {}, b"{}")
        assert Poster(HERE, tls=trusting).post(taker.url, {}, b"{}").status == 204
        assert len(taker.taken) == 1


@pytest.mark.parametrize("how", ["silence", "drip"])
def test_a_slow_answer_has_its_time(taker, how):
    taker.answers.append(getattr(taker, how))
    with pytest.raises(NotReached, match=r"within 0\.4 seconds"):
        Poster(HERE, timeout=0.4).post(taker.url, {}, b"{}")


def test_an_endless_head_is_no_answer(taker):
    taker.answers.append(taker.flood)
    with pytest.raises(NotReached, match="no answer of HTTP"):
        Poster(HERE).post(taker.url, {}, b"{}")


def test_of_an_endless_body_nothing_is_read(taker):
    taker.answers.append(taker.endless_body)
    assert Poster(HERE).post(taker.url, {}, b"{}").status == 200


@pytest.mark.parametrize(
    "answer",
    [b"", b"\r\n\r\n", b"hello\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 999 X\r\n\r\n"],
)
def test_what_is_no_answer_is_said_to_be_none(taker, answer):
    taker.answers.append(answer)
    with pytest.raises(NotReached, match=r"no answer of HTTP"):
        Poster(HERE).post(taker.url, {}, b"{}")


def test_heads_before_the_answer_are_passed_over(taker):
    taker.answers.append(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 429 Slow\r\nRetry-After: 17\r\n\r\n"
    )
    answer = Poster(HERE).post(taker.url, {}, b"{}")
    assert (answer.status, answer.retry_after) == (429, 17.0)


@pytest.mark.parametrize(
    "after",
    ["9" * 60, "99999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 1 Jan 2001 0:0:0 x"],
)
def test_nobody_asks_to_wait_for_ever(taker, after):
    taker.answers.append(f"HTTP/1.1 503 No\r\nRetry-After: {after}\r\n\r\n".encode())
    waited = Poster(HERE).post(taker.url, {}, b"{}").retry_after
    assert waited is None or 0 <= waited <= 86_400


def test_whoever_does_not_listen_is_said_to():
    with pytest.raises(NotReached, match="cannot be reached"):
        Poster(HERE).post("http://127.0.0.1:1/", {}, b"{}")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://a b.example/",
        "https://a\r\nHost: b/",
        "https://a\x00.example/",
        "https://bücher.example/",
        "https://user@example.com/",
        "https://user:pass@example.com/",
        "https://example.com/#x",
        "https://example.com\\@evil.example/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:x/",
        "https://[::1/",
        "https://[fe80::1%25lo]/",
        "https://.example.com/",
        "https://%31%32%37.0.0.1/",
        "http://example.com/",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_looked_up(url):
    with pytest.raises(AddressRefused):
        Poster(resolver=lambda *_: pytest.fail("looked up")).post(url, {}, b"{}")


PRIVATE = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254
    168.63.129.16 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1
    198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
    64:ff9b::7f00:1 64:ff9b:1::a00:1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1
    3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::a9fe:a9fe fec0::1 ff02::1
"""
PUBLIC = """
    1.1.1.1 8.8.8.8 93.184.215.14 172.15.255.255 172.32.0.1 192.0.1.1 198.17.0.1 223.255.255.255
    2606:4700::1111 2a00:1450:4001:80b::200e 2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::808:808
"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private_addresses_are_known(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses_are_known(address):
    assert is_public(ip_address(address))
