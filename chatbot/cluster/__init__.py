"""Work on a Ray cluster (extra `cluster`): our local runtime behind OpenAI's contract, and rows.

The only room that knows Ray. What an administrator starts with it stays on this machine unless a
cluster's address is named, and tells nobody how it is used. Knows no rows of a database, no pages.
"""

from chatbot.cluster.mapping import mapped as mapped
