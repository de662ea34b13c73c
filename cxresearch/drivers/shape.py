"""Is more always better? Curvature of the outcome's response to a driver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import P_ADJUST, FloatArray, PAdjust
from cxresearch._validate import check_choice, check_fraction
from cxresearch.drivers._model_data import (
    ModelData,
    prepare,
    read_design,
    refuse_weights_as_counts,
)
from cxresearch.drivers._model_errors import (
    STD_ERRORS,
    Covariance,
    choose_std_errors,
    covariance_of,
    critical_value,
    two_sided_p,
    wald_test,
)
from cxresearch.drivers._model_fits import Fit, fit_linear
from cxresearch.results import Result, in_tidy_order

SHAPES = ("no_curvature_found", "diminishing", "increasing", "curved")
STEPS_AT_MOST = 11
GRID = 25


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ResponseShapeResult(Result):
    """Curvature of the response to each driver, the others taken as straight lines.

    Attributes
    ----------
    estimates : pandas.DataFrame
        Two rows a driver: group ``nonlinearity`` (joint test of the curved spline terms;
        estimate = R² they add) and ``bend`` (slope above the pivot minus slope below): term,
        group, estimate, std_error, statistic, df, p_value, p_adjusted (over the drivers, each
        group apart), conf_low, conf_high, n, then df_denominator and pivot.
    curve : pandas.DataFrame
        term, group (``spline``, or ``step``: a dummy for every answer), value, estimate
        (expected outcome with the other drivers at their means), conf_low, conf_high, n
        (respondents at the value; nan between values).
    shapes : pandas.DataFrame
        term, shape (``no_curvature_found``, ``diminishing``, ``increasing``, ``curved``,
        or ``not_tested``), slope_below, slope_above, pivot, note.
    outcome, drivers, controls, n, std_errors, weights, clusters, strata, p_adjust,
    confidence_level
    """

    estimates: pd.DataFrame
    curve: pd.DataFrame
    shapes: pd.DataFrame
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    n: int
    std_errors: str
    weights: str
    clusters: str
    strata: str
    p_adjust: str
    confidence_level: float

    def tidy(self) -> pd.DataFrame:
        """Nonlinearity and bend of each driver."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: size, and how many drivers have each shape."""
        counts = {shape: int((self.shapes["shape"] == shape).sum()) for shape in SHAPES}
        return pd.DataFrame([{"n": self.n, "std_errors": self.std_errors, **counts}])


def response_shape(  # noqa: PLR0913 - a model and a survey design
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    weights: str | None = None,
    clusters: str | None = None,
    strata: str | None = None,
    std_errors: str = "auto",
    p_adjust: PAdjust = "holm",
    confidence_level: float = 0.95,
) -> ResponseShapeResult:
    r"""Test whether the response to each driver is curved, and whether returns diminish.

    Each driver in turn becomes a natural cubic spline (knots at quantiles), and a broken line
    :math:`\beta_1 x + \beta_2 (x - \kappa)_+` with the pivot :math:`\kappa` at the driver's
    weighted median; all others stay straight lines. Diminishing returns: :math:`\beta_2 < 0`.

    Parameters
    ----------
    frame, outcome, drivers, controls, weights, clusters, strata, std_errors
        As in `driver_model`; the outcome is taken as a number.
    p_adjust : {"holm", "bh", "none"}
        Correction over the drivers.
    confidence_level : float

    Returns
    -------
    ResponseShapeResult

    Raises
    ------
    CxError
        An unknown name or option.
    ResponseError
        The answers do not allow the model.

    Notes
    -----
    Shape: ``diminishing`` or ``increasing`` when the bend is decided (adjusted p below
    1 − `confidence_level`), ``curved`` when only the spline is, else ``no_curvature_found``
    (which is no proof of a straight line). Drivers that are factors, interactions or have fewer
    than three answers are ``not_tested``. A rating at the end of its scale cannot rise further:
    a bend may come from the scale.

    R: ``anova(lm(y ~ x + z), lm(y ~ splines::ns(x) + z))`` with the same knots.

    References
    ----------
    Harrell, F. E. (2015). *Regression modeling strategies* (2nd ed.). Springer.
    https://doi.org/10.1007/978-3-319-19425-7

    Anderson, E. W., & Mittal, V. (2000). Strengthening the satisfaction-profit chain. *Journal
    of Service Research*, 3, 107–120. https://doi.org/10.1177/109467050032001

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> stay = pd.DataFrame(rng.integers(1, 8, (800, 2)), columns=["wait", "staff"])
    >>> noise = rng.normal(size=800)
    >>> stay["satisfaction"] = np.minimum(stay["wait"], 4) + stay["staff"] + noise
    >>> shape = response_shape(stay, outcome="satisfaction", drivers=["wait", "staff"])
    >>> shape.shapes[["term", "shape"]]
        term               shape
    0   wait         diminishing
    1  staff  no_curvature_found
    """
    check_choice("std_errors", std_errors, STD_ERRORS)
    check_choice("p_adjust", p_adjust, P_ADJUST)
    check_fraction("confidence_level", confidence_level)
    design = read_design(frame, weights=weights, clusters=clusters, strata=strata)
    refuse_weights_as_counts(design, std_errors)
    data = prepare(frame, outcome=outcome, drivers=drivers, controls=controls, design=design)
    chosen = choose_std_errors(std_errors, model="linear", design=design)
    tested = [driver for driver in data.drivers if not _why_not(data, driver)]
    found = [_examine(data, driver, chosen, confidence_level) for driver in tested]
    estimates = _estimates(found, data.n, p_adjust)
    return ResponseShapeResult(
        estimates=estimates, curve=_curves(found), outcome=outcome, drivers=data.drivers,
        shapes=_shapes(data, found, estimates, 1 - confidence_level), controls=data.controls,
        n=data.n, std_errors=chosen, weights=weights or "", clusters=clusters or "",
        strata=strata or "", p_adjust=p_adjust, confidence_level=confidence_level,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Shape:
    """What was found for one driver."""

    term: str
    rows: tuple[dict[str, object], ...]
    curve: pd.DataFrame
    slope_below: float
    slope_above: float
    pivot: float


def _why_not(data: ModelData, driver: str) -> str:
    if driver in data.levels or ":" in driver or driver not in data.x.names:
        return "not_a_rating"
    values = data.x.values[:, data.x.names.index(driver)]
    return "fewer_than_three_answers" if len(np.unique(values)) < 3 else ""


def spline_knots(values: FloatArray) -> FloatArray:
    """Return four knots at the 5, 35, 65 and 95 % quantiles; three where answers are few."""
    distinct = np.unique(values)
    if len(distinct) <= 5:
        return distinct[[0, len(distinct) // 2, -1]]
    knots = np.unique(np.quantile(values, [0.05, 0.35, 0.65, 0.95]))
    if len(knots) < 4:
        # Answers heap on one code: spread the knots over the codes and not over respondents.
        knots = distinct[np.round(np.linspace(0, len(distinct) - 1, 4)).astype(int)]
    return knots


def spline_basis(values: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the natural cubic spline of Harrell: x itself, then knots − 2 curved columns."""
    last, before = knots[-1], knots[-2]
    scale = (last - knots[0]) ** 2

    def cube(knot: float) -> FloatArray:
        return np.maximum(values - knot, 0) ** 3

    curved = [
        cube(k)
        - cube(before) * (last - k) / (last - before)
        + cube(last) * (before - k) / (last - before)
        for k in knots[:-2]
    ]
    return np.column_stack([values, *[column / scale for column in curved]])


def weighted_median(values: FloatArray, w: FloatArray) -> float:
    """Return the smallest value with at least half of the weight at or below it."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(w[order]) / w.sum()
    return float(values[order][np.searchsorted(share, 0.5 - 1e-12)])


def _fit_with(
    data: ModelData, driver: str, basis: FloatArray, std_errors: str
) -> tuple[Fit, Covariance]:
    """Fit with the driver's column replaced by a basis, right after the intercept."""
    others = [place for place, name in enumerate(data.x.names) if name != driver]
    x = np.column_stack([basis, data.x.values[:, others]])
    fit = fit_linear(data.y, x, data.w, [""] * x.shape[1])
    return fit, covariance_of(
        fit, data.design, data.rows, std_errors=std_errors, model="linear"
    )


def _examine(data: ModelData, driver: str, std_errors: str, confidence_level: float) -> _Shape:
    values = data.x.values[:, data.x.names.index(driver)]
    knots = spline_knots(values)
    pivot = _inner_pivot(values, data.w)
    fit, covariance = _fit_with(data, driver, spline_basis(values, knots), std_errors)
    curved = np.arange(2, len(knots))
    test = wald_test(
        fit.params[curved], covariance.matrix[np.ix_(curved, curved)], covariance.df
    )
    straight, _ = _fit_with(data, driver, values[:, None], std_errors)
    gain = _rss(data, straight) - _rss(data, fit)
    centre = np.average(data.y, weights=data.w)
    nonlinearity = {
        "term": driver, "group": "nonlinearity",
        "estimate": gain / float(data.w @ (data.y - centre) ** 2), "statistic": test.statistic,
        "df": float(test.df), "p_value": test.p_value, "df_denominator": test.df_denominator,
        "pivot": np.nan,
    }  # fmt: skip
    broken = np.column_stack([values, np.maximum(values - pivot, 0)])
    hinge, hinge_covariance = _fit_with(data, driver, broken, std_errors)
    bend = _bend_row(driver, pivot, hinge, hinge_covariance, confidence_level)
    return _Shape(
        term=driver, rows=(nonlinearity, bend), pivot=pivot,
        curve=_curve(
            data, driver, values, knots, fit, covariance, confidence_level, std_errors
        ),
        slope_below=float(hinge.params[1]),
        slope_above=float(hinge.params[1] + hinge.params[2]),
    )  # fmt: skip


def _inner_pivot(values: FloatArray, w: FloatArray) -> float:
    """Return the median, moved inside where it is the lowest or highest answer."""
    distinct = np.unique(values)
    return float(np.clip(weighted_median(values, w), distinct[1], distinct[-2]))


def _rss(data: ModelData, fit: Fit) -> float:
    return float(data.w @ (data.y - fit.expected) ** 2)


def _bend_row(
    driver: str, pivot: float, fit: Fit, covariance: Covariance, confidence_level: float
) -> dict[str, object]:
    estimate, error = float(fit.params[2]), float(np.sqrt(covariance.matrix[2, 2]))
    reach = critical_value(confidence_level, covariance.df) * error
    return {
        "term": driver, "group": "bend", "estimate": estimate, "std_error": error,
        "statistic": estimate / error, "df": covariance.df,
        "p_value": float(two_sided_p(np.array(estimate / error), covariance.df)),
        "conf_low": estimate - reach, "conf_high": estimate + reach, "pivot": pivot,
    }  # fmt: skip


def _curve(
    data: ModelData, driver: str, values: FloatArray, knots: FloatArray, fit: Fit,
    covariance: Covariance, confidence_level: float, std_errors: str,
) -> pd.DataFrame:  # fmt: skip
    """Return the outcome along the driver: the spline, and steps where answers are few."""
    distinct, counts = np.unique(values, return_counts=True)
    few = len(distinct) <= STEPS_AT_MOST
    grid = distinct if few else np.linspace(distinct[0], distinct[-1], GRID)
    n = counts.astype(float) if few else np.full(GRID, np.nan)
    spline = _expected(
        data, driver, spline_basis(grid, knots), fit, covariance, confidence_level
    )
    parts = [spline.assign(term=driver, group="spline", value=grid, n=n)]
    if few:
        dummies = (values[:, None] == distinct[None, 1:]).astype(float)
        steps, steps_covariance = _fit_with(data, driver, dummies, std_errors)
        at = (grid[:, None] == distinct[None, 1:]).astype(float)
        step = _expected(data, driver, at, steps, steps_covariance, confidence_level)
        parts.append(step.assign(term=driver, group="step", value=grid, n=n))
    return pd.concat(parts, ignore_index=True)


def _expected(
    data: ModelData, driver: str, basis: FloatArray, fit: Fit, covariance: Covariance,
    confidence_level: float,
) -> pd.DataFrame:  # fmt: skip
    others = [place for place, name in enumerate(data.x.names) if name != driver]
    means = np.average(data.x.values[:, others], axis=0, weights=data.w)
    rows = np.column_stack([np.ones(len(basis)), basis, np.tile(means, (len(basis), 1))])
    error = np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance.matrix, rows))
    reach = critical_value(confidence_level, covariance.df) * error
    centre = rows @ fit.params
    return pd.DataFrame(
        {"estimate": centre, "conf_low": centre - reach, "conf_high": centre + reach}
    )


def _estimates(found: Sequence[_Shape], n: int, p_adjust: PAdjust) -> pd.DataFrame:
    columns = [
        "term", "group", "estimate", "std_error", "statistic", "df", "p_value", "p_adjusted",
        "conf_low", "conf_high", "n", "df_denominator", "pivot",
    ]  # fmt: skip
    table = pd.DataFrame([row for shape in found for row in shape.rows], columns=columns)
    table[columns[2:]] = table[columns[2:]].astype(float)
    for group in ("nonlinearity", "bend"):
        family = table["group"] == group
        table.loc[family, "p_adjusted"] = adjust_p_values(
            table.loc[family, "p_value"].to_numpy(), method=p_adjust
        )
    table["n"] = n
    return table


def _curves(found: Sequence[_Shape]) -> pd.DataFrame:
    columns = ["term", "group", "value", "estimate", "conf_low", "conf_high", "n"]
    if not found:
        return pd.DataFrame(columns=columns)
    return pd.concat([shape.curve for shape in found], ignore_index=True)[columns]


def _shapes(
    data: ModelData, found: Sequence[_Shape], estimates: pd.DataFrame, level: float
) -> pd.DataFrame:
    p_value = estimates.set_index(["term", "group"])["p_adjusted"]
    shapes = {shape.term: shape for shape in found}
    rows = []
    for driver in data.drivers:
        if driver not in shapes:
            rows.append((driver, "not_tested", np.nan, np.nan, np.nan, _why_not(data, driver)))
            continue
        shape = shapes[driver]
        name = SHAPES[0]
        if p_value[driver, "bend"] < level:
            name = "diminishing" if shape.slope_above < shape.slope_below else "increasing"
        elif p_value[driver, "nonlinearity"] < level:
            name = "curved"
        rows.append((driver, name, shape.slope_below, shape.slope_above, shape.pivot, ""))
    columns = ["term", "shape", "slope_below", "slope_above", "pivot", "note"]
    return pd.DataFrame(rows, columns=columns)
