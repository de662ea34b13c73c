"""Diagnostics of a driver model, each with a verdict before the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._matrix import covariance_of
from cxresearch._types import BoolArray, FloatArray
from cxresearch._validate import check_fraction
from cxresearch.drivers import _model_checks as checks
from cxresearch.drivers import _model_verdicts as verdicts
from cxresearch.drivers._model_data import ModelData, prepare, read_design
from cxresearch.drivers._model_errors import two_sided_p
from cxresearch.drivers._model_fits import Fit, fit_linear
from cxresearch.errors import CxError, ResponseError
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DriverDiagnosticsResult(Result):
    """Checks of a linear driver model.

    Attributes
    ----------
    checks : pandas.DataFrame
        One row a check: term (name of the check), group (driver, or ``"all"``), estimate (its
        size), statistic, df, p_value, n; then df_denominator, verdict (``ok``, ``watch``,
        ``problem``), limit (size from which it is watched) and note (a code, or ``""``).
    conditions : pandas.DataFrame
        dimension, condition_index, term (column), variance_proportion.
    cases : pandas.DataFrame
        One row a respondent in the model: row (position in the frame), fitted, residual,
        leverage, studentized, cooks_distance.
    sensitivity : pandas.DataFrame
        term (column of a driver), partial_r2, robustness_value, robustness_value_at_level.
    flagged : pandas.DataFrame
        Fit with everybody and without the flagged respondents: term, estimate (standardised
        coefficient with), without, difference; the first row is ``"r2"``. Empty without a flag.
    verdict : str
        The worst of the verdicts.
    outcome, drivers, controls, n, n_flagged, r2, weights, marker, confidence_level
    """

    checks: pd.DataFrame
    conditions: pd.DataFrame
    cases: pd.DataFrame
    sensitivity: pd.DataFrame
    flagged: pd.DataFrame
    verdict: str
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    n: int
    n_flagged: int
    r2: float
    weights: str
    marker: str
    confidence_level: float

    def tidy(self) -> pd.DataFrame:
        """One row a check, with its verdict."""
        return in_tidy_order(self.checks)

    def glance(self) -> pd.DataFrame:
        """One row: the worst verdict, and which checks have it."""
        seen = {
            level: ", ".join(
                dict.fromkeys(self.checks.loc[self.checks["verdict"] == level, "term"])
            )
            for level in ("problem", "watch")
        }
        return pd.DataFrame([{"verdict": self.verdict, **seen, "n": self.n, "r2": self.r2}])

    def augment(self) -> pd.DataFrame:
        """One row a respondent in the model."""
        return self.cases.copy()


def driver_diagnostics(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    weights: str | None = None,
    flagged: Sequence[bool] | pd.Series | BoolArray | None = None,
    marker: str | None = None,
    confidence_level: float = 0.95,
) -> DriverDiagnosticsResult:
    r"""Check a linear driver model, with a verdict on every check.

    ================ =============================== ==================== =====================
    term             estimate                        watch                problem
    ================ =============================== ==================== =====================
    vif              variance inflation of a driver  5                    10
    condition        largest condition index         30                   and two shares > .5
    reset            R² that curvature adds          .005 and p decided   .02 and p decided
    breusch_pagan    R² of the squared residuals     p decided            –
    durbin_watson    d, over the order of rows       outside 1.5–2.5      –
    influence        largest Cook's distance         .5, or an outlier    1
    halo             Harman's first-factor share     common share .5      common share .7
    flagged          largest change without those    R² .02, slope .05    R² .05, sign turns
    robustness       robustness value at the level   below .10            –
    marker           correlation free of the marker  sign turns           –
    ================ =============================== ==================== =====================

    p is decided below 1 − `confidence_level`. The common share (λ₁ − 1)/(p − 1) is the
    statistic of the halo: Harman's λ₁/p of few questions is high without any common method.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent.
    outcome, drivers, controls, weights
        As in `driver_model`; the outcome is taken as a number.
    flagged : sequence of bool, optional
        Respondents whose answers are doubted (straight-liners), one entry for each row of the
        frame.
    marker : str, optional
        Column of a question that has nothing to do with the others; its mean absolute
        correlation with the drivers and the outcome stands for the common method (Lindell &
        Whitney).
    confidence_level : float

    Returns
    -------
    DriverDiagnosticsResult

    Raises
    ------
    CxError
        An unknown name, or `flagged` of another length than the frame.
    ResponseError
        The answers do not allow the model (see `driver_model`).

    Notes
    -----
    Limits are conventions to look closer, not rules to drop drivers. VIF of a factor is
    GVIF^(1/q). Condition indices come from columns of length 1 with the intercept (Belsley).
    The robustness value uses the classical t, as its algebra demands:
    :math:`RV = \tfrac12(\sqrt{f^4 + 4f^2} - f^2)`, :math:`f = |t|/\sqrt{df}`. With weights, the
    tests are those of weighted least squares.

    R: ``car::vif``, ``lmtest::resettest``, ``bptest``, ``dwtest``, ``cooks.distance``,
    ``rstudent``, ``sensemakr::robustness_value``.

    References
    ----------
    Belsley, D. A., Kuh, E., & Welsch, R. E. (1980). *Regression diagnostics*. Wiley.
    https://doi.org/10.1002/0471725153

    Cinelli, C., & Hazlett, C. (2020). Making sense of sensitivity. *Journal of the Royal
    Statistical Society B*, 82, 39–67. https://doi.org/10.1111/rssb.12348

    Lindell, M. K., & Whitney, D. J. (2001). Accounting for common method variance in
    cross-sectional research designs. *Journal of Applied Psychology*, 86, 114–121.
    https://doi.org/10.1037/0021-9010.86.1.114

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> stay = pd.DataFrame(rng.normal(size=(200, 2)), columns=["room", "staff"])
    >>> stay["satisfaction"] = stay["room"] + 0.5 * stay["staff"] + rng.normal(size=200)
    >>> driver_diagnostics(stay, outcome="satisfaction", drivers=["room", "staff"]).verdict
    'ok'
    """
    check_fraction("confidence_level", confidence_level)
    design = read_design(frame, weights=weights)
    data = prepare(frame, outcome=outcome, drivers=drivers, controls=controls, design=design)
    fit = fit_linear(data.y, data.x.values, data.w, data.x.names)
    level = 1 - confidence_level
    conditions = checks.condition_table(data.x.values, data.w, data.x.names)
    cases = checks.influence_table(data.y, fit, data.w, np.flatnonzero(data.rows).astype(float))
    cases["row"] = cases["row"].astype("int64")
    sensitivity = _sensitivity(data, fit, confidence_level)
    doubted = _read_flag(flagged, len(frame))[data.rows]
    comparison = _without_flagged(data, fit, doubted)
    rows = [
        *verdicts.collinearity_rows(data, conditions),
        *verdicts.form_rows(data, fit, level),
        verdicts.influence_row(cases, len(fit.params), level),
        *verdicts.halo_rows(frame, data, marker),
        *verdicts.flagged_rows(comparison, sensitivity, level),
        *verdicts.robustness_rows(sensitivity),
    ]
    table = pd.DataFrame(rows)
    table.insert(6, "n", data.n)
    return DriverDiagnosticsResult(
        checks=table, conditions=conditions, cases=cases,
        sensitivity=sensitivity.drop(columns="p_value"), flagged=comparison,
        verdict=max(table["verdict"], key=verdicts.VERDICTS.index), outcome=outcome,
        drivers=data.drivers, controls=data.controls, n=data.n, n_flagged=int(doubted.sum()),
        r2=_r2(data.y, fit, data.w), weights=weights or "", marker=marker or "",
        confidence_level=confidence_level,
    )  # fmt: skip


def _r2(y: FloatArray, fit: Fit, w: FloatArray) -> float:
    centre = np.average(y, weights=w)
    return 1 - float(w @ (y - fit.expected) ** 2) / float(w @ (y - centre) ** 2)


def _read_flag(flagged: object, n: int) -> BoolArray:
    if flagged is None:
        return np.zeros(n, dtype=bool)
    values = np.asarray(flagged)
    if values.dtype != bool or values.shape != (n,):
        raise CxError(
            f"flagged must be true or false for each of the {n} rows of the frame; got "
            f"{values.dtype} of shape {values.shape}"
        )
    return values


def _standardized(data: ModelData, fit: Fit, members: BoolArray) -> FloatArray:
    w = data.w[members] / data.w[members].mean()
    z = np.column_stack([data.x.values[members], data.y[members]])
    sd = np.sqrt(np.diag(covariance_of(z, w)))
    return np.asarray(fit.params[1:] * sd[:-1] / sd[-1])


def _without_flagged(data: ModelData, fit: Fit, doubted: BoolArray) -> pd.DataFrame:
    columns = ["term", "estimate", "without", "difference"]
    if not doubted.any():
        return pd.DataFrame({name: pd.Series(dtype=float) for name in columns}).astype(
            {"term": object}
        )
    kept = ~doubted
    x = data.x.values[kept]
    if kept.sum() < x.shape[1] + 2 or (np.ptp(x, axis=0) == 0).any():
        raise ResponseError(
            f"{int(kept.sum())} respondents remain without the {int(doubted.sum())} flagged "
            "ones: too "
            "few, or a driver is constant among them; loosen the rule that flags"
        )
    w = data.w[kept] / data.w[kept].mean()
    other = fit_linear(data.y[kept], x, w, data.x.names)
    before = [_r2(data.y, fit, data.w), *_standardized(data, fit, np.ones(data.n, dtype=bool))]
    after = [_r2(data.y[kept], other, w), *_standardized(data, other, kept)]
    table = pd.DataFrame({"term": ["r2", *data.x.names], "estimate": before, "without": after})
    table["difference"] = table["without"] - table["estimate"]
    return table


def _sensitivity(data: ModelData, fit: Fit, confidence_level: float) -> pd.DataFrame:
    n, k = fit.scores.shape
    errors = np.sqrt(fit.dispersion * np.diag(fit.bread))
    rows = []
    for place, name in enumerate(data.x.names, start=1):
        if data.x.terms[place - 1] not in data.drivers:
            continue
        t_value = float(fit.params[place] / errors[place])
        found = checks.robustness(t_value, n - k, confidence_level)
        p_value = float(two_sided_p(np.array(t_value), n - k))
        rows.append((name, found.partial_r2, found.value, found.value_at_level, p_value))
    return pd.DataFrame(
        rows,
        columns=[
            "term",
            "partial_r2",
            "robustness_value",
            "robustness_value_at_level",
            "p_value",
        ],
    )
