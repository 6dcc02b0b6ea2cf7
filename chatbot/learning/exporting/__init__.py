"""Models in and out of the product's folder: checkpoints, merged adapters, GGUF files.

    Hugging Face folder ─┐                    ┌─▶ Hugging Face folder
    LoRA adapter + base ─┼─▶ NAME@VERSION/ ───┼─▶ merged LoRA
    GGUF file ───────────┘                    └─▶ GGUF file

Everything that is written is opened again and compared with what it was made of before it gets its
name. Nothing is read that could run a program. Knows folders and files alone: no database, no
people.
"""

from chatbot.learning.exporting.taking import TAKEN, take
from chatbot.learning.exporting.writing import FORMS, Form, Written, write

__all__ = ["FORMS", "TAKEN", "Form", "Written", "take", "write"]
