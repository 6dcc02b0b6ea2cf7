"""Addresses of others that are told of events, signed and once each."""

from chatbot.webhooks.service import Webhooks as Webhooks
from chatbot.webhooks.views import Delivery as Delivery
from chatbot.webhooks.views import Hook as Hook
from chatbot.webhooks.views import NewHook as NewHook
