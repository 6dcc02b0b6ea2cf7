"""The Models page: which models there are, and a look inside those of this machine.

    #models-head      title and tabs                          (island)
    #models-registry  #models-list, #models-detail, the card  (islands, a Markdown)
    #models-inside    tokens, probabilities, attention        (island)
    #models-panels    what the other tabs draw                (island)
    #models-data      commands and events of the scripts      (carrier)

Widgets and wiring only. What can be asked is pages/models_commands.py, what is shown pages/
models_view.py, what happens in the browser static/models*.js.
"""

import gradio as gr

from chatbot.bootstrap import Product
from ui.pages.commands import calling
from ui.pages.frame import MODELS, frame, island, template
from ui.pages.models_commands import ModelsCommands
from ui.pages.works import Works


def build(product: Product) -> Works:
    """Build the page inside its route. Returns its works, to be closed at the end."""
    works = Works()
    commands = ModelsCommands(product, works)
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
            calls=[calling(product, commands, MODELS.roles)],
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
    return works
