"""What the product does: turns, prompts in use, models, people. No widget, no SQL, no HTTP server.

The environment below must be set before any library that reads it is imported, so it stands in the
package's first module: nothing here reports to anybody, nothing downloads without being asked, and
NumPy multiplies on one core: its threads spin on after each product and stand in the way of
PyTorch's (a sentence's vector took 30 ms instead of 13, and now and then 110).
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
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
