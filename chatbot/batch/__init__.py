"""Many rows through a model: JSON Lines in and out, one result a row, going on after a kill.

    rows ─▶ where they are worked on ─▶ results in the order of the rows ─▶ the file of results
            (pool: in this process; chatbot.cluster: on Ray Data)

The file of results is the only record of how far it is: results are written in the order of the
rows, so as many rows are done as it has whole lines, and the same command goes on behind them.
Nothing is kept in memory but the rows that are being worked on. Read service.py first.
"""

from chatbot.batch.service import Job as Job
from chatbot.batch.service import Summary as Summary
from chatbot.batch.service import run as run
from chatbot.batch.working import Making as Making
from chatbot.batch.working import Row as Row
from chatbot.batch.working import Work as Work
