"""What a call of the API is refused for, beyond what every turn may be."""

from chatbot.errors import BackendError, Refused


class Unsupported(Refused):
    """A field cannot be done as asked, by this model or at all. `param` names the field."""

    code = "unsupported_parameter"

    def __init__(self, param: str, sentence: str) -> None:
        super().__init__(sentence)
        self.param = param


class ShapeFailed(BackendError):
    """The model did not write what `response_format` asks for, neither at once nor corrected."""

    code = "shape_failed"
    sentence = (
        "The model did not write JSON of the asked shape, corrected once included. "
        "Ask for a simpler shape, or choose a larger model."
    )
