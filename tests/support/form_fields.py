"""A form with a field of every kind, as the page is sent it."""

FIELDS = [
    {"name": "overall", "label": "Overall", "type": "rating", "min": 1, "max": 5},
    {"name": "again", "label": "Again?", "type": "boolean"},
    {"name": "kind", "label": "Kind", "type": "choice", "options": ["Restaurant", "Café"]},
    {"name": "with", "label": "With whom", "type": "multi_choice", "options": ["Family", "Friends"]},
    {"name": "spent", "label": "Spent", "type": "number", "min": 0, "max": 100},
    {"name": "when", "label": "When", "type": "date"},
    {"name": "place", "label": "Name", "type": "text", "required": False},
]
