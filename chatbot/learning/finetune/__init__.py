"""Fine-tuning: a folder with a plan and rows in, a folder with a better checkpoint out.

    FOLDER/plan.json, train.jsonl, validation.jsonl      what a run is given
    FOLDER/events.jsonl                                  what it tells, a line each
    FOLDER/state/                                        what it needs to go on after a kill
    FOLDER/checkpoint/, adapter/                         what comes of it
    FOLDER/stop                                          a file that ends it with the best kept

Knows folders and files alone: no database, no people. `python -m chatbot.learning.finetune
FOLDER` is the process; under torchrun or accelerate launch several of it train together.
"""

from chatbot.learning.finetune.outcome import Outcome
from chatbot.learning.finetune.plan import EXPLAINED, Plan, defaults
from chatbot.learning.finetune.room import needed
from chatbot.learning.finetune.training import train

__all__ = ["EXPLAINED", "Outcome", "Plan", "defaults", "needed", "train"]
