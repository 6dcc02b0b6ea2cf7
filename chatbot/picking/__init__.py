"""Picks the sentences of passages that answer a question: by meaning, else by words.

Knows texts and an encoder that may be absent; nothing of prompts, models or where passages come
from. What quotes instead of answering asks it what to quote.

    picked = pick(encoder, "How long does a refund take?", [{"title": …, "text": …}])
    picked.sentences[0].text
    nearest(encoder, "Where is my parcel?", ["Refunds", "Delivery"], most=1)
"""

from chatbot.picking.picks import Pick, Picked, nearest, pick
from chatbot.picking.sentences import Sentence, sentences

__all__ = ["Pick", "Picked", "Sentence", "nearest", "pick", "sentences"]
