"""The role of a column that belongs to no battery, and how sure the guess is."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from cxresearch._types import Role
from cxresearch.scaffold.columns import Profile, ScaleGuess, guess_scale, ladder

MAX_CATEGORIES = 12
_FIRST_DATE = 20_000
"""Days since 1900 that spreadsheets write for dates of questionnaires begin above this."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# At least nine digits: a date has eight.
_PHONE = re.compile(r"\+?(\d[\s()/.-]*){9,15}")
_ADDRESS = re.compile(r"(\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){3,7}")
_TEXT_LENGTH = 25

# Names are cut into words first: RecipientEmail → recipient email, resp_id → resp id.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_PERSONAL = re.compile(
    "e?mail|phone|telephone|tel|mobile|name|(first|last|sur|full)name|ip|(ip)?address|street|"
    "postcode|zip(code)?|birth(day|date)|dob|latitude|longitude|iban|passport|"
    "correo|nombre|apellido|telefono|이메일|이름|전화|전화번호|성함|연락처"
)
_ID = re.compile(
    "(resp|respondent|response|participant|case|record)?id|respondent|participant|"
    "case|guid|uuid|record|serial|token|nr|no"
)
_WEIGHT = re.compile("w|wt|wgt|weights?|weighting|gewicht|peso|가중치")
_DURATION = re.compile("duration|seconds|secs|minutes|elapsed|interviewtime|dauer")
_WHEN = re.compile("date|datetime|timestamp|start|end|started|ended|submitted|recorded")
_OUTCOME = re.compile(
    "osat|csat|nps|sat|satisfaction|satisfied|overall|recommend(ation)?|loyalty|intent(ion)?|"
    "reuse|repurchase|zufriedenheit|satisfaccion|만족도"
)
_OPEN = re.compile("comments?|remarks?|feedback|verbatim|suggestions?|opinion|why|openend")
_SENTENCE = re.compile(r"\S+ .*\S[.!?…]")
# Loose columns count as ratings only with one of these ranges: a number of nights is none.
_RATING_RANGES = ((1, 4), (1, 5), (1, 6), (1, 7), (1, 9), (1, 10), (0, 10), (1, 11))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGuess:
    """What a column is probably for.

    Attributes
    ----------
    why : str
        How sure the guess is and what it rests on, for the comment.
    """

    profile: Profile
    role: Role
    why: str
    scale: ScaleGuess | None = None

    @property
    def profiles(self) -> list[Profile]:
        """The column, as a list of one."""
        return [self.profile]


def words_of(name: str) -> list[str]:
    """Cut a column name into words in small letters.

    Examples
    --------
    >>> words_of("RecipientEmail"), words_of("resp_ID2")
    (['recipient', 'email'], ['resp', 'id', '2'])
    """
    return [word.casefold() for word in _WORDS.findall(name)]


def _named(profile: Profile, pattern: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(word) for word in words_of(profile.name))


def guess_role(profile: Profile) -> RoleGuess | None:
    """Return the role of a column, None when nothing speaks for one.

    Personal data are looked for first: a guess too many costs nothing there, one too few does.
    """
    if not profile.texts:
        return None
    for judge in (
        _personal,
        _when,
        _weight,
        _duration,
        _outcome,
        _open_text,
        _segment,
        _rating,
    ):
        guess = judge(profile)
        if guess is not None:
            return guess
    return None


def find_id(profiles: list[Profile]) -> RoleGuess | None:
    """Return the column that tells respondents apart; at most one."""
    best: tuple[float, RoleGuess] | None = None
    for place, profile in enumerate(profiles):
        if len(profile.texts) < max(2, 0.95 * profile.rows):
            continue
        share = len(profile.distinct) / len(profile.texts)
        named = _named(profile, _ID)
        decimals = profile.numbers is not None and not profile.whole
        if decimals or share < 0.9 or (not named and (share < 1 or place > 0)):
            continue
        sure = "sure" if named and share == 1 else "likely"
        seen = "every value differs" if share == 1 else f"{share:.0%} of the values differ"
        why = f"{sure}: {seen}{', and the name says so' if named else ''}"
        score = share + named
        if best is None or score > best[0]:
            best = score, RoleGuess(profile=profile, role="id", why=why)
    return best[1] if best else None


def _personal(profile: Profile) -> RoleGuess | None:
    def share(pattern: re.Pattern[str]) -> float:
        return float(np.mean([bool(pattern.fullmatch(text)) for text in profile.texts]))

    if share(_EMAIL) > 0.3:
        return RoleGuess(profile=profile, role="personal", why="sure: holds e-mail addresses")
    if share(_ADDRESS) > 0.3:
        return RoleGuess(profile=profile, role="personal", why="sure: holds internet addresses")
    if profile.numbers is None and share(_PHONE) > 0.5:
        return RoleGuess(profile=profile, role="personal", why="likely: holds phone numbers")
    # A branch_name with a handful of values is a category, not a person.
    many = len(profile.distinct) > min(MAX_CATEGORIES, 0.5 * len(profile.texts))
    if many and _named(profile, _PERSONAL):
        return RoleGuess(profile=profile, role="personal", why="likely: named so")
    return None


def _when(profile: Profile) -> RoleGuess | None:
    numbers = profile.numbers
    if numbers is not None and np.nanmax(np.abs(numbers)) < _FIRST_DATE:
        return None  # the end of an episode, not of an interview
    if _named(profile, _WHEN) and len(profile.distinct) > MAX_CATEGORIES:
        return RoleGuess(profile=profile, role="ignore", why="likely: a date or time")
    return None


def _weight(profile: Profile) -> RoleGuess | None:
    numbers = profile.numbers
    if numbers is None or not _named(profile, _WEIGHT):
        return None
    given = numbers[np.isfinite(numbers)]
    if np.any(given < 0) or not 0.5 <= given.mean() <= 2:
        return None
    why = f"likely: named so, and the mean is {given.mean():.2f}"
    return RoleGuess(profile=profile, role="weight", why=why)


def _duration(profile: Profile) -> RoleGuess | None:
    numbers = profile.numbers
    if numbers is None or not _named(profile, _DURATION):
        return None
    if np.nanmin(numbers) < 0 or len(profile.distinct) <= MAX_CATEGORIES:
        return None
    return RoleGuess(profile=profile, role="duration", why="likely: named so")


def _outcome(profile: Profile) -> RoleGuess | None:
    if not _named(profile, _OUTCOME):
        return None
    scale = guess_scale([profile])
    if scale is None:
        return None
    why = "likely: named so, and a rating"
    return RoleGuess(profile=profile, role="outcome", why=why, scale=scale)


def _open_text(profile: Profile) -> RoleGuess | None:
    if profile.numbers is not None:
        return None
    length = float(np.mean([len(text) for text in profile.texts]))
    if _named(profile, _OPEN) or any(_SENTENCE.fullmatch(text) for text in profile.distinct):
        return RoleGuess(profile=profile, role="text", why="likely: sentences, or named so")
    many = len(profile.distinct) > max(MAX_CATEGORIES, 0.5 * len(profile.texts))
    if many or (length > _TEXT_LENGTH and len(profile.distinct) > MAX_CATEGORIES):
        return RoleGuess(profile=profile, role="text", why="likely: hardly two answers alike")
    return None


def _segment(profile: Profile) -> RoleGuess | None:
    count = len(profile.distinct)
    if not 2 <= count <= MAX_CATEGORIES or count > 0.5 * len(profile.texts):
        return None
    if profile.numbers is None:
        longest = max(len(text) for text in profile.distinct)
        if longest > 60 or ladder(profile.distinct):
            return None
        return RoleGuess(
            profile=profile, role="segment", why=f"likely: {count} different texts"
        )
    if not profile.whole or min(profile.codes) < 0:
        return None
    named = {code.value for code in profile.labels}
    labelled = len(named.intersection(profile.codes)) > count / 2
    if labelled and not ladder(code.label for code in profile.labels):
        return RoleGuess(profile=profile, role="segment", why="likely: categories with labels")
    if count <= 4 and max(profile.codes) <= MAX_CATEGORIES:
        why = f"guess: {count} different codes; write what they stand for"
        return RoleGuess(profile=profile, role="segment", why=why)
    return None


def _rating(profile: Profile) -> RoleGuess | None:
    scale = guess_scale([profile])
    if scale is None or (scale.low, scale.high) not in _RATING_RANGES:
        return None
    return RoleGuess(profile=profile, role="driver", why="guess: a rating", scale=scale)
