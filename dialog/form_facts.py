"""What became true of a form's values between their being given and their being left."""

from dialog.fact import Fact


class FormReadBack(Fact, frozen=True):
    """All of a form's values are given and wait to be confirmed, which they do until the form is left."""

    node_key: str
    assessed: tuple[int, ...] = ()
    """Edges that hold from there, as the last answer was judged."""


class ValuesDenied(Fact, frozen=True):
    """Of what was read back this is not right, as far as is known by now; nothing of it counts as data."""

    node_key: str
    fields: tuple[str, ...] = ()


class FieldsReopened(Fact, frozen=True):
    """What was given for these fields was not right: they are asked for anew, once."""

    node_key: str
    fields: tuple[str, ...]


FormFact = FormReadBack | ValuesDenied | FieldsReopened
