"""Experiments within people: two conditions in two periods, in either order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch._validate import check_fraction
from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end._design import complete_rows, levels_of
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CrossoverResult(Result):
    """Effects of an AB/BA crossover.

    Attributes
    ----------
    estimates : DataFrame
        Rows "condition" (second condition minus first), "period" (second period minus first)
        and "carry_over" (sum of both ratings, second order minus first): estimate, std_error,
        statistic, df, p_value, conf_low, conf_high, n.
    means : DataFrame
        order ("A first"), condition, period, n, mean.
    first, second : str
        The conditions; effects are second minus first.
    n, n_omitted : int
        People with both ratings; people left out for lack of one.
    confidence_level : float
    outcome : str
    notes : tuple of str
        Codes: "people_omitted:n".
    """

    estimates: pd.DataFrame
    means: pd.DataFrame
    first: str
    second: str
    n: int
    n_omitted: int
    confidence_level: float
    outcome: str
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Return condition, period and carry-over."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return the effect of the condition, one row."""
        effect = self.estimates.iloc[0]
        return pd.DataFrame(
            {
                "n": [self.n],
                "conditions": [f"{self.second} − {self.first}"],
                "estimate": [effect["estimate"]],
                "p_value": [effect["p_value"]],
                "p_carry_over": [self.estimates["p_value"].iloc[2]],
            }
        )


def crossover(
    episodes: pd.DataFrame,
    *,
    outcome: str,
    condition: str,
    period: str,
    participant: str,
    confidence_level: float = 0.95,
) -> CrossoverResult:
    r"""Analyse two conditions that everybody met, one in each of two periods.

    With ``d = y_1 − y_2`` (first period minus second) of the people who met the first condition
    first (AB) and last (BA):

    - condition ``(d̄_BA − d̄_AB)/2``: a change between periods cancels;
    - period ``−(d̄_AB + d̄_BA)/2``;
    - carry-over: difference between the orders in ``y_1 + y_2``. Its test is weak; the
      effect of the condition is right only where carry-over is absent by design.

    Standard errors from the variance within orders, ``n − 2`` degrees of freedom.

    Parameters
    ----------
    episodes : DataFrame
        Two rows a person.
    outcome, condition, period, participant : str
        Columns; two conditions, two periods (sorted, the smaller is first).
    confidence_level : float
        Between 0 and 1.

    Returns
    -------
    CrossoverResult

    Raises
    ------
    CxError
        A column is unknown.
    ResponseError
        Not two conditions or periods, a person rated a period or a condition twice, an order
        has fewer than 2 people, or all differences are equal.

    Notes
    -----
    Agrees with R: ``t.test(d ~ order, var.equal = TRUE)``, estimate halved.

    References
    ----------
    Senn, S. (2002). Cross-over trials in clinical research (2nd ed.). Wiley.
    https://doi.org/10.1002/0470854596

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "person": [1, 1, 2, 2, 3, 3, 4, 4],
    ...     "period": [1, 2] * 4,
    ...     "close": ["plain", "warm", "plain", "warm", "warm", "plain", "warm", "plain"],
    ...     "memory": [4, 6, 5, 8, 6, 5, 7, 5],
    ... })
    >>> found = crossover(
    ...     table, outcome="memory", condition="close", period="period", participant="person"
    ... )
    >>> found.estimates["estimate"].tolist()
    [2.0, 0.5, 0.0]
    """
    check_fraction("confidence_level", confidence_level)
    used, _ = complete_rows(episodes, [participant, period, condition, outcome])
    if not pd.api.types.is_numeric_dtype(used[outcome]):
        raise CxError(
            f"outcome {outcome!r} must be numeric; it holds {used[outcome].iloc[0]!r}"
        )
    conditions, periods = levels_of(used[condition]), sorted(used[period].unique())
    for name, found in ((condition, conditions), (period, periods)):
        if len(found) != 2:
            raise ResponseError(
                f"column {name!r} has {len(found)} values {list(found)}; a crossover has 2. "
                "More conditions or periods need mixed_model"
            )
    wide = _wide(used, outcome, condition, period, participant)
    everybody = episodes[participant].nunique()
    early_first = wide["order"] == conditions[0]
    difference = (wide["y_1"] - wide["y_2"]).to_numpy()
    total = (wide["y_1"] + wide["y_2"]).to_numpy()
    ab, ba = difference[early_first], difference[~early_first]
    for order, group in zip(conditions, (ab, ba), strict=True):
        if len(group) < 2:
            raise ResponseError(
                f"{len(group)} people met {order!r} first; at least 2 are needed"
            )
    if np.ptp(ab) == 0 and np.ptp(ba) == 0:
        raise ResponseError("all people of an order differ by the same amount; nothing to test")
    estimates = pd.DataFrame(
        [
            _row("condition", (ba.mean() - ab.mean()) / 2, (ab, ba), 0.5, confidence_level),
            _row("period", -(ab.mean() + ba.mean()) / 2, (ab, ba), 0.5, confidence_level),
            _row(
                "carry_over",
                total[~early_first].mean() - total[early_first].mean(),
                (total[early_first], total[~early_first]),
                1.0,
                confidence_level,
            ),
        ]
    )
    omitted = everybody - len(wide)
    return CrossoverResult(
        estimates=in_tidy_order(estimates),
        means=_means(wide, conditions),
        first=conditions[0],
        second=conditions[1],
        n=len(wide),
        n_omitted=omitted,
        confidence_level=confidence_level,
        outcome=outcome,
        notes=(f"people_omitted:{omitted}",) if omitted else (),
    )


def _wide(
    used: pd.DataFrame, outcome: str, condition: str, period: str, participant: str
) -> pd.DataFrame:
    """Return one row a person with both periods: order (condition met first), y_1, y_2."""
    for name in (period, condition):
        twice = used.duplicated([participant, name])
        if twice.any():
            person = used.loc[twice, participant].iloc[0]
            raise ResponseError(
                f"participant {person!r} has two ratings with the same {name!r}; one is allowed"
            )
    ordered = used.sort_values([participant, period], kind="stable")
    whole = ordered[ordered.groupby(participant)[participant].transform("size") == 2]
    early, late = whole.iloc[0::2], whole.iloc[1::2]
    return pd.DataFrame(
        {
            "order": early[condition].astype(str).to_numpy(),
            "y_1": early[outcome].to_numpy(dtype=float),
            "y_2": late[outcome].to_numpy(dtype=float),
        }
    )


def _row(
    term: str,
    estimate: float,
    groups: tuple[FloatArray, FloatArray],
    factor: float,
    confidence_level: float,
) -> dict[str, object]:
    a, b = groups
    df = len(a) + len(b) - 2
    variance = (((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / df
    error = factor * float(np.sqrt(variance * (1 / len(a) + 1 / len(b))))
    half = float(stats.t.ppf((1 + confidence_level) / 2, df)) * error
    statistic = estimate / error if error > 0 else float("nan")
    return {
        "term": term,
        "estimate": float(estimate),
        "std_error": error,
        "statistic": statistic,
        "df": float(df),
        "p_value": 2 * float(stats.t.sf(abs(statistic), df)),
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "n": float(len(a) + len(b)),
    }


def _means(wide: pd.DataFrame, conditions: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for order in conditions:
        group = wide[wide["order"] == order]
        other = next(name for name in conditions if name != order)
        for period, met in ((1, order), (2, other)):
            mean = float(group[f"y_{period}"].mean())
            rows.append((f"{order} first", met, period, len(group), mean))
    return pd.DataFrame(rows, columns=["order", "condition", "period", "n", "mean"])
