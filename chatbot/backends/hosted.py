"""Models on somebody's server: OpenAI-compatible endpoints, and other providers through LangChain.

Knows nothing of prompts or rows. What a provider does wrong comes out as one typed error.
"""

from chatbot.settings import HostedModel

__all__ = ["HostedModel"]
