"""Models on somebody's server: OpenAI-compatible endpoints, and other providers through LangChain.

Knows nothing of prompts or rows. What a provider does wrong comes out as one typed error.
"""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class HostedModel(BaseModel):
    """How to reach one hosted model. `context` is in tokens, times are in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    model: str = Field(min_length=1)
    base_url: str | None = None
    api_key: SecretStr = SecretStr("")
    provider: str = "openai"
    context: int = Field(default=8192, gt=0)
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    description: str = ""

    @property
    def label(self) -> str:
        """`name@model`."""
        return f"{self.name}@{self.model}"
