"""Phones, e-mails, URLs, codes, addresses, names: «…» marks what must be found, and no more."""

import pytest

from tests.support.marked import check

KNOWN = {"Anna Weber": "name", "Will": "name", "Velo Store": "company", "The Old Mill": "address"}

PHONES = """
call «+44 20 7946 0018»
call «+442079460018».
«+49 (0)30 1234567»
«+1-743-438-6774x62406» is new
«+57 12 345 6789»
«0044 20 7946 0018»
«001-748-088-2851x818»
«(415) 555-0132» or «415-555-0132»
«(415)555-0132»
«1-800-555-0199»
«91-415-555-0132»
«833.719.3994»
«0800 123 456»
«0171 234567»
«030/1234567»
«06 12 34 56 78», «02.27.96.63.08»
«06-24312407»
«0207 946 0018 ext 5»
«(030) 1234 5678»
«(88) 684-334»
my mobile: «07911123456»
«01511 2345678»
You can call «73 448 266»
They're not answering at «785 8949»
«96 228011» office
«2813882583» mobile
My number is «13812345678»
Telefon «123456»
«٠٣٠ ١٢٣٤٥٦٧»
«０３０－１２３４５６７»
«+49 170 1234567»
1. «030 1234567»
12 «030 1234567»
order 5551234567
5551234567
3-5 business days
10 000 000 people
12345-678
308-63-0237
2024-05-03
01.02.2024
192.168.1.10
version 1.22.333.4444
200 000 home owners
4111 1111 1111 1111
C-819091076 home
12345678901234567890
1200 300 400
00123842
01 4589 40th Street
"""


@pytest.mark.parametrize("marked", PHONES.strip().splitlines())
def test_phones(marked):
    check(marked, "phone")


EMAILS = """
write to «help@velo.example»
«first.last+tag@sub.velo.co.uk».
(«a@b.de»)
mail:«a@b.de»
'«a@b.de»'
<«a@b.de»>
«ANNA@VELO.COM» please
«anna_weber-x@velo-store.com», «b@c.io»
«josé@correo.es» «用户@例子.公司»
«a@xn--d1acufc.xn--p1ai»
«ａｎｎａ＠ｖｅｌｏ．ｃｏｍ»
mailto:«x@y.org»?subject=hi
info@presidio.
@anna on the net
anna@localhost
a@b
a @ b.de
5@5
"""


@pytest.mark.parametrize("marked", EMAILS.strip().splitlines())
def test_emails(marked):
    check(marked, "email")


URLS = """
see «https://velo.example/returns?a=1&b=2#top».
(«https://velo.example/a_(b)»)
[text](«http://a.b/c»)
**«http://a.b»**
«http://www.GermanNightclub.ch/»
«HTTPS://VELO.COM/X»
«http://localhost:7860/x»
«http://[2001:db8::1]:80/»
«http://192.168.1.1/admin»
«https://u:p@host.de/x»
«www.velo.de», «velo.com»
Website:«velo.com»
at «velo.com/returns», «shop.velo.co.uk»
«velostore.com».Please
«google.co.il» and «velo.support/help»
«ftp://files.velo.org/x.zip»
«https://例え.テスト/路»
«VELO.COM»
http://microsoft
README.md, invoice.pdf, main.py
e.g. this, i.e. that, U.S. and a.m.
thanks.it works, order.please, refund.help me
etc.But no
3.14 and 1.2.3
a.b
http:// alone
file:///etc/passwd
x@velo.com
node.js
"""


@pytest.mark.parametrize("marked", URLS.strip().splitlines())
def test_urls(marked):
    check(marked, "url")


CODES = {
    "order": """
order «48213»
order #«48213»
Order no. «48213», order number: «OR-48213»
my order is «A48213»
purchase «00004587345»?
cancelling order«732201349959»
canceling order «3707955617»
Bestellung Nr. «12345», commande n° «12345»
«48213» is my order number
«ORD-20213» has not come
orders «12345»
order "«48213»"
order **«48213»**
order number «123 456 789»
order 2 pizzas
order 500 ml, order 30-day trial
order 1200 units
order of 12345
the 3rd order
order by 5 May 2025
48213
""",
    "tracking": """
tracking number «JD0012345678»
parcel «RX123456789»
my package «12345678»
«RR123456785DE» is lost
«1Z999AA10123456784»
Sendungsnummer: «00340434161094»
package of 3
parcel 5 kg
""",
    "account": """
account «8841207»
account no «AC0805746»
customer number «C-278603»
Kundennummer «12345»
IBAN «DE89 3704 0044 0532 0130 00», BIC
«GB69PMNJ18913943430745»
my iban is «gb50mvfc38361978683032»
«DE89-3704-0044-0532-0130-00».
card «4111 1111 1111 1111», CVV 123
«4111111111111111» «5555-5555-5555-4444»
«371449635398431» «3714 496353 98431»
card ending in «4821»
ending «4821», ends with «4821»
the last four digits are «4821»
•••• «4821» or xxxx-«4821» or ****«4821»
my ssn is «308-63-0237»
passport «A12345678»
driver's license number is «A56319335»
«ＤＥ８９370400440532013000»
4111 1111 1111 1112
0000000000000000
1748503543012
DE00 3704 0044 0532 0130 00
ending in 2019-20
member since 2019
account 24/7
the end 12345
""",
    "code": """
booking «KQX7LM»
booking code «KQXLMZ»
PNR «ABCDEF»
promo code «SUMMER» and voucher «SAVE20»
invoice «INV-20231», bill #«85632»
Rechnung «2024-0012»
case «T-48213», ticket number «48213»
reference: «AB12CD»
room «412», seat «12A», gate «B12»
flight «LH454» or flight «LH 454», train «ICE 123»
«TGV 754» to Lyon
version «2.3.1», v«2.3», «v12»
from «192.168.1.1», «::1», «2001:db8::8a2e:370:7334»
«10.0.0.0/8» and «2001:db8::/32»
«00:1A:2B:3C:4D:5E» and «01-b3-4a-67-d9-cf»
«550e8400-e29b-41d4-a716-446655440000»
error «E-204» on model «XR500»
an «MP3» of «COVID-19» in «4K», «H2O»
an «A4»-sized page
«308-63-0237» alone
«3707955617»
«00123842»
«x86-64» and «UTF-8»
«IMG_2034».jpg
a 30-day, 5-STAR offer
2x coffee, 3rd floor, 10-20, 2020-2024
booking PLEASE help
BOOKING CODE PLEASE
5kg, 10GB, 24h, 2:30
USB-C, Wi-Fi
12.5-13.5
1,234,567
15000-20000
256.256.256.256
std::vector
""",
}


@pytest.mark.parametrize(
    ("type_", "marked"),
    [(type_, line) for type_, lines in CODES.items() for line in lines.strip().splitlines()],
)
def test_codes(type_, marked):
    check(marked, type_)


ADDRESSES = """
to «12 Mill Street», London
at «221b Baker St», then
«1600 Pennsylvania Avenue»
«Hauptstr. 5», «Hauptstraße 5», «Lindenweg 12a»
«12 rue de la Paix», Paris
«Calle Mayor 5», Madrid
London «SW1A 1AA»
«K1A 0B1» Ottawa
Beverly Hills, CA «90210»
ZIP «90210», PLZ: «10115», postcode «1012 AB»
10115 Berlin
5 Way
12 angry men
A 12345
M1 1CA, VA1 1AA
"""


@pytest.mark.parametrize("marked", ADDRESSES.strip().splitlines())
def test_addresses(marked):
    check(marked, "address")


@pytest.mark.parametrize(
    ("marked", "type_"),
    [
        ("Dear «Anna Weber», hello", "name"),
        ("dear «ANNA weber»", "name"),
        ("«anna  weber»'s order", "name"),
        ("Ask «Will» or «WILL», he will know", "name"),
        ("Annabelle Weberly will", "name"),
        ("at «Velo Store», at «velo store»", "company"),
        ("near «the old mill» there", "address"),
        ("Velo and Store", "company"),
    ],
)
def test_known_names(marked, type_):
    check(marked, type_, known=KNOWN)
