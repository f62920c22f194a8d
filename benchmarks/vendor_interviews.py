"""Interviews of six questions for `vendor-talks`: what is asked, and what four participants answer."""

from typing import Final

from dialog.blueprint import Blueprint
from tests.support.blueprints import blueprint, question

PARTICIPANTS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "I live with my sister and her two boys.",
        "Last Sunday I wrote down all meals for the week at the kitchen table.",
        "My son wanted something else every day.",
        "I plan on paper.",
        "Last month I came home late from work every night.",
        "We threw half of the food away.",
        "I feel bad about it because my father worked on a farm.",
        "I would like the plan to change by itself.",
        "That would help me the most.",
    ),
    (
        "I cook for my wife and both of her parents.",
        "On Friday I looked into the fridge and made a list of what was left.",
        "I had to leave out everything with nuts in it.",
        "With an app.",
        "In spring my wife was in hospital for two weeks.",
        "We ate bread and cheese every evening.",
        "It makes me angry because people work hard for it.",
        "I would like a list that knows what is still in the fridge.",
        "I would go shopping once a week only.",
    ),
    (
        "I cook for myself and sometimes for a friend from work.",
        "Two days ago I asked my friend what she would like to eat.",
        "She told me that she eats no meat any more.",
        "Neither of them.",
        "Last winter the shop was closed because of the snow.",
        "I drove to my mother and ate with her.",
        "It is like throwing money out of the window.",
        "I would like to see what a meal costs before I buy it.",
        "That would save me a lot of time.",
    ),
    (
        "I cook for four children and my husband.",
        "Yesterday I asked the children and everybody could choose one meal.",
        "My oldest daughter wanted noodles again.",
        "On paper.",
        "Three weeks ago the oven broke in the middle of the evening.",
        "We went to the neighbours with the whole pan.",
        "My grandmother was hungry as a child so I never throw bread away.",
        "I would like somebody else to decide what there is to eat.",
        "Then I would only have to cook.",
    ),
)
"""One answer for each question and follow-up question of `six_questions`, said in one breath."""


def six_questions() -> Blueprint:
    """Of every patience but dictating, half of them with a follow-up question."""
    once, never = {"enabled": True, "max_follow_ups": 1}, {"enabled": False}
    return blueprint(
        question("household", "Who do you cook for?", patience="narrative", probing=never),
        question("last_plan", "How did you plan your meals the last time?", patience="recall", probing=once),
        question("tool", "Do you plan on paper, or with an app?", patience="closed", probing=never),
        question("broken", "When did a plan last fail?", patience="recall", probing=once),
        question("waste", "What does it mean to you to throw food away?", patience="reflect", probing=never),
        question("wish", "What would you change?", patience="narrative", probing=once),
    )
