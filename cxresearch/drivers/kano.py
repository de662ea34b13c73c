"""Kano classes from pairs of a functional and a dysfunctional question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch._validate import check_count, check_fraction, check_names
from cxresearch.drivers._model_columns import numbers
from cxresearch.drivers._model_data import positive_weights
from cxresearch.errors import CxError, ResponseError
from cxresearch.results import Result, in_tidy_order

KANO_CLASSES = (
    "must_be", "performance", "attractive", "indifferent", "reverse", "questionable",
)  # fmt: skip
UNDECIDED = "not_classifiable"

_M, _P, _A, _I, _R, _Q = range(6)
EVALUATION = (
    (_Q, _A, _A, _A, _P),
    (_R, _I, _I, _I, _M),
    (_R, _I, _I, _I, _M),
    (_R, _I, _I, _I, _M),
    (_R, _R, _R, _R, _Q),
)
"""Kano's evaluation table: row = functional answer 1…5 (like … dislike), column = the other."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class KanoResult(Result):
    """Kano classes of features.

    Attributes
    ----------
    estimates : pandas.DataFrame
        Two rows a feature: group ``better`` and ``worse``: term, group, estimate, std_error,
        conf_low, conf_high, n (respondents with a pair that is not reverse or questionable).
    classes : pandas.DataFrame
        term, n, one column ``share_<class>`` and one ``prob_<class>`` (bootstrap probability
        that the class is the most frequent one) for each of the six classes, class,
        total_strength (share of must_be, performance and attractive).
    decision, replicates, seed, weights, confidence_level
    labels : dict of str to str
        Text of a feature, where it was taken from a codebook.
    """

    estimates: pd.DataFrame
    classes: pd.DataFrame
    decision: float
    replicates: int
    seed: int
    weights: str
    confidence_level: float
    labels: dict[str, str] = field(default_factory=dict)

    def tidy(self) -> pd.DataFrame:
        """Better and worse coefficient of each feature."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: how many features are in each class."""
        named = (*KANO_CLASSES, UNDECIDED)
        counts = {name: int((self.classes["class"] == name).sum()) for name in named}
        return pd.DataFrame([{"features": len(self.classes), **counts}])


def kano_classes(
    frame: pd.DataFrame,
    *,
    pairs: Mapping[str, Sequence[str]],
    weights: str | None = None,
    decision: float = 0.8,
    replicates: int = 2000,
    seed: int = 1,
    confidence_level: float = 0.95,
) -> KanoResult:
    r"""Classify features by Kano's pairs of questions.

    .. math::
        \text{better} = \frac{A + P}{A + P + M + I}, \qquad
        \text{worse} = -\frac{P + M}{A + P + M + I}

    Parameters
    ----------
    frame : pandas.DataFrame
    pairs : mapping of str to two columns
        Feature: (functional question "if it is there", dysfunctional "if it is not there").
        Answers 1 like it, 2 expect it, 3 neutral, 4 can live with it, 5 dislike it.
    weights : str, optional
        Column of case weights.
    decision : float
        A class is named when its bootstrap probability of being the most frequent one reaches
        this.
    replicates, seed : int
        Bootstrap of respondents.
    confidence_level : float

    Returns
    -------
    KanoResult

    Raises
    ------
    CxError
        A pair is not two columns of the frame.
    ResponseError
        Answers outside 1…5, or nobody answered both questions.

    Notes
    -----
    Respondents count for a feature when they answered both of its questions. Intervals of
    better and worse are Wilson's; with weights they use Kish's effective number of respondents.

    References
    ----------
    Kano, N., Seraku, N., Takahashi, F., & Tsuji, S. (1984). Attractive quality and must-be
    quality. *Journal of the Japanese Society for Quality Control*, 14, 147–156.
    https://doi.org/10.20684/quality.14.2_147

    Berger, C., et al. (1993). Kano's methods for understanding customer-defined quality.
    *Center for Quality Management Journal*, 2, 3–36.

    Examples
    --------
    >>> import pandas as pd
    >>> stay = pd.DataFrame({"wifi_yes": [2] * 30 + [3] * 5, "wifi_no": [5] * 30 + [3] * 5})
    >>> found = kano_classes(stay, pairs={"wifi": ("wifi_yes", "wifi_no")})
    >>> found.classes[["term", "class"]].to_dict("records")
    [{'term': 'wifi', 'class': 'must_be'}]
    """
    check_fraction("decision", decision)
    check_fraction("confidence_level", confidence_level)
    check_count("replicates", replicates, at_least=100)
    if not pairs:
        raise CxError(
            "pairs is empty: name a functional and a dysfunctional question of a feature"
        )
    w = np.ones(len(frame)) if weights is None else positive_weights(frame, weights)
    rng = np.random.default_rng(seed)
    rows, estimates = [], []
    for term, pair in pairs.items():
        codes, known = _codes(frame, term, pair)
        shares = _shares(codes, w[known])
        chances = _modal_chances(codes, w[known], replicates, rng)
        rows.append(_class_row(term, len(codes), shares, chances, decision))
        estimates += _better_worse(term, codes, w[known], confidence_level)
    return KanoResult(
        estimates=in_tidy_order(pd.DataFrame(estimates)), classes=pd.DataFrame(rows),
        decision=decision, replicates=replicates, seed=seed, weights=weights or "",
        confidence_level=confidence_level,
    )  # fmt: skip


def _codes(frame: pd.DataFrame, term: str, pair: Sequence[str]) -> tuple[IntArray, BoolArray]:
    """Class codes of those who answered both questions, and who they are."""
    if isinstance(pair, str) or len(pair) != 2:
        raise CxError(
            f"pairs: {term!r} needs two columns (functional, dysfunctional); got {pair!r}"
        )
    check_names(f"pairs[{term!r}]", pair, [str(c) for c in frame.columns], of="columns")
    both = np.column_stack([numbers(frame, name) for name in pair])
    known: BoolArray = np.asarray(~np.isnan(both).any(axis=1), dtype=bool)
    answers = both[known]
    outside = answers[~np.isin(answers, np.arange(1.0, 6.0))]
    if outside.size:
        raise ResponseError(
            f"feature {term!r}: {outside.size} answer(s) are not 1, 2, 3, 4 or 5, e.g. "
            f"{outside[0]:g}"
        )
    if not len(answers):
        raise ResponseError(f"feature {term!r}: no respondent answered both of its questions")
    table = np.array(EVALUATION, dtype=np.int64)
    place = answers.astype(int) - 1
    return table[place[:, 0], place[:, 1]], known


def _shares(codes: IntArray, w: FloatArray) -> FloatArray:
    return np.asarray(np.bincount(codes, weights=w, minlength=6) / w.sum())


def _modal_chances(
    codes: IntArray, w: FloatArray, replicates: int, rng: np.random.Generator
) -> FloatArray:
    """How often each class is the most frequent one; ties are shared."""
    n = len(codes)
    member = (codes[:, None] == np.arange(6)) * w[:, None]
    totals = np.vstack(
        [
            rng.multinomial(n, np.full(n, 1 / n), size=min(200, replicates - start)) @ member
            for start in range(0, replicates, 200)
        ]
    )
    first = np.isclose(totals, totals.max(axis=1, keepdims=True))
    return np.asarray((first / first.sum(axis=1, keepdims=True)).mean(axis=0))


def _class_row(
    term: str, n: int, shares: FloatArray, chances: FloatArray, decision: float
) -> dict[str, object]:
    best = int(np.argmax(chances))
    return {
        "term": term, "n": n,
        **{f"share_{name}": shares[i] for i, name in enumerate(KANO_CLASSES)},
        **{f"prob_{name}": chances[i] for i, name in enumerate(KANO_CLASSES)},
        "class": KANO_CLASSES[best] if chances[best] >= decision else UNDECIDED,
        "total_strength": shares[_M] + shares[_P] + shares[_A],
    }  # fmt: skip


def _better_worse(
    term: str, codes: IntArray, w: FloatArray, confidence_level: float
) -> list[dict[str, object]]:
    kept = np.isin(codes, (_M, _P, _A, _I))
    rows: list[dict[str, object]] = []
    for group, members, sign in (("better", (_A, _P), 1.0), ("worse", (_P, _M), -1.0)):
        share, error, low, high = _wilson(
            np.isin(codes[kept], members), w[kept], confidence_level
        )
        ends = sorted((sign * low, sign * high))
        rows.append(
            {
                "term": term, "group": group, "estimate": sign * share, "std_error": error,
                "conf_low": ends[0], "conf_high": ends[1], "n": int(kept.sum()),
            }
        )  # fmt: skip
    return rows


def _wilson(
    member: np.ndarray, w: FloatArray, confidence_level: float
) -> tuple[float, float, float, float]:
    """Return share, standard error, Wilson's interval with n = (Σw)² / Σw²; else nan."""
    if not len(member):
        return (float("nan"),) * 4
    n = float(w.sum() ** 2 / (w**2).sum())
    p = float(np.average(member, weights=w))
    z = float(stats.norm.ppf((1 + confidence_level) / 2))
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return (
        p,
        float(np.sqrt(p * (1 - p) / n)),
        max(0.0, centre - reach),
        min(1.0, centre + reach),
    )
