"""What the product does: turns, prompts in use, models, people. No widget, no SQL, no HTTP server.

The environment below must be set before any library that reads it is imported, so it stands in the
package's first module: nothing here reports to anybody, and nothing downloads without being asked.
"""

import os

__version__ = "0.1.0"

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LANGCHAIN_TRACING_V2"] = "false"
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "100")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
