"""A guide for the drawing of tokens, as plain as can be."""

from chatbot.backends.runtimes.base import Next


class Fixed:
    """A guide that always says the same, and remembers what came."""

    def __init__(self, allowed=None, banned=()):
        self.now, self.taken = Next(allowed, banned), []

    def next(self):
        return self.now

    def take(self, token):
        self.taken.append(token)
