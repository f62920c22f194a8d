"""How patiently each question of one talk is listened to, and how long what it shows takes to read. Asks
nothing."""

from msgspec.structs import replace

from dialog.blueprint import FormField, Node
from dialog.policy import Policy, Profile, patience_of
from dialog.wording import wants_yes_or_no


class QuestionPatience:
    """One session's."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._profiles: dict[tuple[str, str | None], Profile] = {}
        self._shown: set[str] = set()

    def profile(self, node: Node, field: FormField | None) -> Profile:
        """How an answer to a node, or to one field of a form, is waited for."""
        kind = field.type if field is not None else None
        profile = self._profiles.get((node.key, kind))
        if profile is None:
            profile = self._policy.profiles[patience_of(node, kind)]
            if wants_yes_or_no(node.text):
                profile = replace(profile, one_word_answers=True)
            self._profiles[node.key, kind] = profile
        return profile

    @property
    def for_yes_or_no(self) -> Profile:
        """How a yes or no is waited for."""
        return self._policy.profiles["closed"]

    @property
    def for_telling(self) -> Profile:
        """How whatever somebody has to tell is waited for, though it may be nothing."""
        return replace(self._policy.profiles["narrative"], one_word_answers=True)

    def reading_time(self, node: Node) -> float:
        """Seconds that a question's stimulus takes to read, the first time; 0 without one."""
        if node.content is None or node.key in self._shown:
            return 0.0
        self._shown.add(node.key)
        words = " ".join(filter(None, (node.content.text, node.content.caption, node.content.alt)))
        return len(words.split()) / self._policy.reading_rate
