"""The Models page: which models there are, and a look inside those of this machine.

    #models-head      title and tabs                          (island)
    #models-registry  #models-list, #models-detail, the card  (islands, a Markdown)
    #models-inside    tokens, probabilities, attention        (island)
    #models-panels    what the other tabs draw                (island)
    #models-data      commands and events of the scripts      (carrier)
    #compare-data     commands of the tab Compare             (carrier)

Widgets and wiring only. What can be asked is pages/models_commands.py, what is shown pages/
models_view.py, what happens in the browser static/models*.js.
"""

from contextlib import ExitStack

import gradio as gr

from chatbot.bootstrap import Product
from ui.pages import models_compare
from ui.pages.commands import calling
from ui.pages.frame import MODELS, frame, island, template
from ui.pages.knowledge_uploads import Uploads
from ui.pages.models_commands import SEES, ModelsCommands
from ui.pages.models_evaluating import Evaluating
from ui.pages.works import Works


def build(product: Product) -> ExitStack:
    """Build the page inside its route. Returns what is to be closed at the end."""
    works, uploads, evaluating = Works(at_once=3), Uploads(), Evaluating()
    ends = ExitStack()
    ends.callback(evaluating.close)
    ends.callback(uploads.close)
    ends.callback(works.close)
    commands = ModelsCommands(product, works, uploads, evaluating)
    with frame(MODELS, product.settings):
        island("models-head", template("models_head"))
        with gr.Column(elem_id="models-registry"):
            island("models-list")
            island("models-detail")
            with gr.Column(elem_id="models-card"):
                text = gr.Markdown(elem_id="models-card-text", latex_delimiters=[])
        island("models-inside", template("models_inside"))
        island("models-panels")
        data = island(
            "models-data",
            value=None,
            events=("card",),
            calls=[calling(product, commands, SEES)],
            visible=False,
        )
        data.card(
            commands.card,
            None,
            text,
            show_progress="hidden",
            trigger_mode="always_last",
            api_visibility="private",
        )
        ends.callback(models_compare.carry(product).close)
    return ends
