"""Stored conversations of a given length, for benchmarks."""

from chatbot.bootstrap import Product
from store import conversations, messages

SENTENCE = "The parcel left our house on Monday and should arrive within three working days. "
ANSWER = f"""{SENTENCE}

- **Tracking**: the number is in your mail.
- *Returns*: within 30 days.

```python
print("no trouble")
```

{SENTENCE * 2}"""


def conversation(product: Product, length: int) -> str:
    """A conversation of so many messages of usual length, answered by the scripted model."""
    release = product.releases.current("assistant")
    with product.archive.main.writing() as session:
        row = conversations.create(
            session,
            user_id=product.local_person,
            channel="chat",
            title=f"{length} messages",
            prompt="assistant",
            release_id=release.id,
            version=max(release.weights),
            model=product.registry.resolve("scripted").label,
        )
        head = None
        for turn in range(length // 2):
            _, reply = messages.add_turn(
                session, row.id, parent_id=head, text=SENTENCE, key=f"filled {turn}"
            )
            messages.finish(session, reply.id, content=ANSWER, status="complete")
            head = reply.id
    return row.public_id
