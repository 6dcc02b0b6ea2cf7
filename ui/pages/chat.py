"""The Chat page: its regions, its one streaming listener, its commands.

    #chat-side   list and search of conversations          (island)
    #chat-head   title and menu                            (island)
    #chat-scroll the log: #chat-empty, #chat-log, #chat-now (island, two Chatbots)
    #chat-foot   notes, message box, prompt, model, Send   (island)
    #chat-meta   data and events of the scripts            (carrier)

Widgets and wiring only. What is shown is pages/chat_view.py, what can be asked pages/chat_commands,
what is streamed pages/chat_stream.py, what happens in the browser static/chat*.js.
"""

import gradio as gr

from chatbot.bootstrap import Product
from ui.pages.chat_commands import ChatCommands
from ui.pages.chat_stream import ChatStream, Held
from ui.pages.commands import calling
from ui.pages.frame import CHAT, frame, island, template

AT_ONCE = 2000
"""Tabs that may watch at the same time; they cost memory, not threads."""


def build(product: Product, held: Held) -> ChatStream:
    """Build the page inside the current Blocks. Returns its streams, to be closed at the end.

    `held` tells what Gradio keeps of its sessions.
    """
    stream = ChatStream(product, held)
    with frame(CHAT, product.settings):
        island("chat-side", template("chat_side"))
        with gr.Column(elem_id="chat-talk"):
            island("chat-head", template("chat_head"))
            with gr.Column(elem_id="chat-scroll"):
                island("chat-empty", template("chat_empty"))
                log = _log("chat-log", "Messages")
                now = _log("chat-now", "Answer being written")
            island("chat-foot", template("chat_foot"))
        meta = island(
            "chat-meta",
            value=None,
            events=("watch",),
            calls=[calling(product, ChatCommands(product, stream), CHAT.roles)],
            visible=False,
        )
        meta.watch(
            stream.watch,
            None,
            [log, now, meta],
            show_progress="hidden",
            trigger_mode="multiple",
            concurrency_limit=AT_ONCE,
            postprocess=False,
            api_visibility="private",
        )
    return stream


def _log(name: str, label: str) -> gr.Chatbot:
    return gr.Chatbot(
        value=[],
        label=label,
        show_label=False,
        elem_id=name,
        elem_classes=["log"],
        container=False,
        height=None,
        layout="panel",
        buttons=[],
        feedback_options=None,
        latex_delimiters=[],
        allow_tags=False,
        sanitize_html=True,
        line_breaks=True,
        autoscroll=False,
        allow_file_downloads=False,
        group_consecutive_messages=False,
    )
