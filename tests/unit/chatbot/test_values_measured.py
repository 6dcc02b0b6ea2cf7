"""Amounts, percentages, dates, times, spans, numbers: «…» marks what must be found, and no more."""

import pytest

from tests.support.marked import check

AMOUNTS = """
«€5» for entry
«€ 5» for entry
«5 €» for entry
«5€»
that is «1.200,00 EUR» in all
that is «EUR 1,200.00» in all
that is «€ 1.200,00» in all
«1 200,50 €» was taken
«CHF 1'250.00» was taken
«₹12,34,567» was taken
«$1,499.99», not «$1,399.99».
costs «$5»-«10», «5» to «10 euros»
costs «$5»-«$10»
«US$20» or «CA$25»
«$100 CAD» please
refunding«$299»
i paid «1499 dollars» for this
i paid «20 bucks»
«5 euros», «30 Euro», «99 cents»
«£1.2 million» and «$5k» and «5 Mio. €»
«1.5 million dollars»
«200 zł» or «50 Kč» or «100 kr»
«Rs. 500», «RM 20»
«٥٠ ريال»
«５０円» and «¥５０»
«500 रुपये»
a fee of «1 200 300 EUR»
«usd 20» or «20 eur»
between «10 EUR» and «20 EUR»
«€1.5m»
€ and $ alone
5 of them, 6 ft, rm 412
the USD rate
EURO 2024 starts
PHP 8.1 and TRY 5 times
$PATH and ${HOME}
20 % off
version 1.2 of it
"""


@pytest.mark.parametrize("marked", AMOUNTS.strip().splitlines())
def test_amounts(marked):
    check(marked, "amount")


PERCENT = """
«15» % off
«15»% off
«15» percent, «5» per cent, «20» Prozent
«7,5» % and «0.5»%
«5»-«10»%
«5» to «10» percent
«٥٠»٪ off
«５０»％ off
«20» pour cent, «20» por ciento
15 days % off
«100»% sure is «50»% wrong
%20 in an address
15 percentages, % 5
"""


@pytest.mark.parametrize("marked", PERCENT.strip().splitlines())
def test_percent(marked):
    check(marked, "percent")


DATES = """
on «3 May 2025»
on «3 May»
«May 3, 2025» or «May 3rd»
the «3rd of May 2025»
on «03/04/2025», «3.4.2025», «2025-04-03»
on «2025/04/03» or «2025.04.03»
am «5. Mai» oder «5. Mai 2025»
le «1er mars 2024»
el «3 de mayo de 2025»
il «3 maggio»
on «05-May-2024», «21-May»
at «2024-05-03T14:30:00Z»
at «1993-01-04 14:56:41»
«2024-03-15T14:30:00-05:00» or not
«2025年5月3日» and «5月3日»
in «May 2025», «Sept 2025»
in «May»; «January» sales; «October» to «March» and every «May»
since «2019», in «1972».
by «Friday», on «Monday»s, am «Montag»
«sunday» at noon
it is due by «5/12»
Today is «5/21»
Today is «05/2021»
bis «31.12.» gratis
on «24/7/2025»
«٣ May ٢٠٢٥»
«March 2» and «2 march»
Paid on «19 April».
before «12.05.24», «05.12.99»
my birthday: «3/23/1940»
you may 3 times
3 may apply
from 7 may train
we march 5 miles
version 2.3.10, iOS 12.5.20, release 1.2.24
open 24/7
1-2 business days
32/13/2025 and 30.02.2025
2024-13-40
31 «February»
2030 points
phone 030 12 05 24
a 16:9 screen
may I ask
mar the mood, sat down
1/2 a cup
5/12 of it
INV-2024-05-03
"""


@pytest.mark.parametrize("marked", DATES.strip().splitlines())
def test_dates(marked):
    check(marked, "date")


TIMES = """
at «14:30»
at «14:30:15»
at «2:30 pm», «2:30pm», «2.30 p.m.»
at «2pm» or «3 PM»
at «2 p.m.» sharp
at «2 p.m.»
um «14 Uhr», um «14.30 Uhr»
à «14h30»
at «5 o'clock»
at «9 am» and «6 pm»
between «9 am» and «6 pm»
«00:00» to be sure
«24:00»
at «９：３０»
at «٩:٣٠»
tomorrow,«09:15»
16:9
10:5
25:10
3:1 odds
14h of work
80:443
1.2.3
I am 5
5 ampere
12:30:99
v2:30
+02:00
99 pm
13 pm
"""


@pytest.mark.parametrize("marked", TIMES.strip().splitlines())
def test_times(marked):
    check(marked, "time")


SPANS = """
open «9 am to 6 pm»
open «9am-6pm» daily
open «9–5 pm»
open «9:00–18:00»
open «09:00 - 17:30»
from «9 to 6 pm» only
von «9 bis 17 Uhr»
«9h-18h»
de «9h30 à 18h»
«9:00 until 12:00» and «1 pm to 5 pm»
between «9 and 6 pm»
Mon-Fri «8.30 am to 5 pm»
open «24/7»
open «24x7», «24/7/365»
closed «3 to 5 May»
closed «3–5 May 2025»
closed «May 3-5, 2025», from May 7 to 28 June
vom «3. bis 5. Mai»
«٩:٠٠-١٧:٠٠»
«９：００～１８：００»
3-5 business days
1-2 weeks
2-3h of work
pages 9-17
9 to 5
from 3 to 12 may fly
between 9 am and 6 pm
124/7
24/70
Monday to Friday
10-20 people
24 hours
"""


@pytest.mark.parametrize("marked", SPANS.strip().splitlines())
def test_spans(marked):
    check(marked, "span")


NUMBERS = """
«5» of «12» items
«1,200» and «1.200» and «12,5»
within «30» days
a «30»-day window
«3»-«5» business days
«1»-«2» Werktage, «3» to «5» weeks
«23» kg or «10»GB or «100» Mbit/s
«5»kg, «24»h, «30»min
the «3rd» and «21st»
«2»x coffee
«10»-«20», «2020»-«2024»
pages «1»,«2»,«3»
iOS «17», level «3»
«１２» and «१२» and «١٢» and «𝟏𝟐»
«1»/«2» cup
⟨phone 1⟩
1. First\\n2) Second
as said in [1] and [2, 3]
no figures here
"""


@pytest.mark.parametrize("marked", NUMBERS.strip().splitlines())
def test_numbers(marked):
    check(marked.replace("\\n", "\n"), "number")
