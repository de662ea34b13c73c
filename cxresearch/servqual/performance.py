"""SERVPERF: service quality from perceptions alone, plain and weighted by importance."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._moments import ColumnMoments, column_moments
from cxresearch._types import FloatArray, IntArray
from cxresearch._validate import check_choice, check_fraction, check_share
from cxresearch.codebook.model import Battery
from cxresearch.errors import CxError
from cxresearch.responses.model import Responses
from cxresearch.servqual._data import Weighted, analysed_respondents
from cxresearch.servqual._estimates import battery_terms
from cxresearch.servqual._gap_quality_rows import OVERALL, Overall
from cxresearch.servqual._points import ImportancePoints, importance_points
from cxresearch.servqual._scores import score_gaps
from cxresearch.servqual.servperf_result import ServperfResult


def servperf(
    responses: Responses,
    *,
    battery: str | None = None,
    overall: Overall = "dimensions",
    confidence_level: float = 0.95,
    min_answered: float = 0.5,
    weighted: Weighted = "auto",
) -> ServperfResult:
    r"""Score perceptions, and show what the ways of summing them up differ by.

    A dimension is the mean over its answered items; overall is the mean over dimensions (every
    dimension counts the same) or over items (long dimensions count more):
    ``items − dimensions = Σ_d (k_d/K − 1/D) x̄_d``. With importance points each respondent's own
    ``Σ_d w_d x_d`` is taken before the mean. Means multiplied by means give another number,
    ``Σ_d w̄_d x̄_d``; they differ by ``Σ_d cov(w_d, x_d)``, which is below 0 where people find
    important what they rate low.

    Parameters
    ----------
    responses : Responses
    battery : str, optional
        Battery with the part perception; not needed when the codebook has one.
    overall : {"dimensions", "items"}
        What the row ``overall`` of ``estimates`` is the mean over; ``overall`` of the result
        has both.
    confidence_level : float
        Between 0 and 1.
    min_answered : float
        Share of a dimension's items that must be answered, 0 to 1.
    weighted : bool or {"auto", "yes", "no"}
        Use the codebook's column of case weights; ``"auto"`` does when there is one.

    Returns
    -------
    ServperfResult
        ``estimates``: ``term``, ``estimate`` (mean perception, response-scale units),
        ``std_error``, ``conf_low``, ``conf_high`` (t, n − 1), ``n``, ``level``, ``label``,
        ``dimension``, ``sd``, ``note``. ``overall``: for each ``group`` (``perception``, and
        ``gap`` where expectations were asked) the terms ``over_dimensions``, ``over_items``,
        ``items_minus_dimensions`` and, with points, ``own_points``, ``mean_points``,
        ``covariance``. All of a group rest on respondents with every dimension (and points).

    Raises
    ------
    CxError
        An argument is not allowed or the battery has no perceptions.
    ResponseError
        Fewer than 2 respondents can be analysed, or a weight is negative.

    Notes
    -----
    Standard errors of products of means and of covariances are linearised (R survey:
    ``svycontrast`` of ``svymean``). ``over_items`` is the mean over dimension scores weighted
    by their numbers of items, so that it can be compared where answers are missing; without
    missing answers it is the mean over all items. With expectations asked, gaps count items
    with both answers only.

    References
    ----------
    Cronin, J. J., & Taylor, S. A. (1992). Measuring service quality: a reexamination and
    extension. Journal of Marketing 56(3), 55–68. https://doi.org/10.1177/002224299205600304

    Cronin, J. J., & Taylor, S. A. (1994). SERVPERF versus SERVQUAL: reconciling performance-
    based and perceptions-minus-expectations measurement of service quality. Journal of
    Marketing 58(1), 125–131.

    Examples
    --------
    >>> import pandas as pd
    >>> from cxresearch.codebook.model import Codebook, Item, ResponseScale, Scale
    >>> from cxresearch.responses.model import Flow
    >>> one, two, three = (Item(key=key, text=f"Item {key}") for key in (1, 2, 3))
    >>> desk = Battery(
    ...     name="desk",
    ...     scale=ResponseScale(name="agree7", low=1, high=7),
    ...     parts={"perception": "P{item}"},
    ...     scales=(
    ...         Scale(name="staff", label="Staff", items=(one, two)),
    ...         Scale(name="room", label="Room", items=(three,)),
    ...     ),
    ... )
    >>> answers = pd.DataFrame({"P1": [5.0, 6.0], "P2": [5.0, 6.0], "P3": [2.0, 3.0]})
    >>> responses = Responses(
    ...     codebook=Codebook(survey="Desk", batteries=(desk,)),
    ...     frame=answers,
    ...     missing=answers.isna(),
    ...     quality=pd.DataFrame(),
    ...     flow=Flow(read=2),
    ...     sources=(),
    ... )
    >>> servperf(responses).overall["estimate"].round(4).tolist()
    [4.0, 4.5, 0.5]
    """
    check_choice("overall", overall, OVERALL)
    check_fraction("confidence_level", confidence_level)
    check_share("min_answered", min_answered)
    chosen = _check_battery(responses.battery(battery))
    analysed, weights, notes = analysed_respondents(responses, weighted=weighted)
    sizes = np.array([len(scale.items) for scale in chosen.scales])
    dimensions = np.split(np.arange(sizes.sum()), np.cumsum(sizes)[:-1])
    perception = responses.answers("perception", battery=chosen.name)
    received = perception.to_numpy(dtype=float)[analysed]
    points = _points(responses, chosen, analysed)
    scores = score_gaps(
        received, received, dimensions=dimensions, min_answered=min_answered
    ).perception
    groups = {"perception": scores[:, sizes.sum() : -1]}
    if "expectation" in chosen.parts:
        frame = responses.answers("expectation", battery=chosen.name)
        expected = frame.to_numpy(dtype=float)[analysed]
        both = score_gaps(expected, received, dimensions=dimensions, min_answered=min_answered)
        groups["gap"] = both.gap[:, sizes.sum() : -1]
    shares = None if points is None else points.points / 100
    return ServperfResult(
        estimates=_estimates(
            scores, chosen, shares, weights, overall=overall, confidence_level=confidence_level
        ),
        overall=pd.concat(
            [
                _ways(x, sizes, shares, weights, confidence_level).assign(group=group)
                for group, x in groups.items()
            ],
            ignore_index=True,
        ),
        n=int(analysed.sum()),
        battery=chosen.name,
        scale_low=float(chosen.scale.low),
        scale_high=float(chosen.scale.high),
        sizes=tuple(int(size) for size in sizes),
        by=overall,
        confidence_level=float(confidence_level),
        min_answered=float(min_answered),
        weighted=weights is not None,
        notes=notes if points is None else (*notes, *points.notes),
    )


def _check_battery(battery: Battery) -> Battery:
    if "perception" not in battery.parts:
        raise CxError(
            f"battery {battery.name!r}: SERVPERF needs the part perception; the battery has "
            f"{list(battery.parts)}"
        )
    return battery


def _points(
    responses: Responses, battery: Battery, analysed: np.ndarray
) -> ImportancePoints | None:
    if not battery.points:
        return None
    columns = [battery.points_column(scale) for scale in battery.scales]
    return importance_points(responses.frame.loc[analysed, columns].to_numpy(dtype=float))


def _estimates(
    scores: FloatArray,
    battery: Battery,
    shares: FloatArray | None,
    weights: FloatArray | None,
    *,
    overall: Overall,
    confidence_level: float,
) -> pd.DataFrame:
    """Return the mean of every item, dimension and overall score."""
    sizes = np.array([len(scale.items) for scale in battery.scales])
    by_dimension = scores[:, sizes.sum() : -1]
    columns = [scores[:, :-1]]
    columns.append(
        scores[:, -1:]
        if overall == "dimensions"
        else by_dimension @ (sizes / sizes.sum())[:, None]
    )
    if shares is not None:
        columns.append((by_dimension * shares).sum(axis=1, keepdims=True))
    moments = column_moments(np.hstack(columns), weights=weights)
    terms = battery_terms(battery, by_importance=shares is not None)
    frame = pd.DataFrame({"term": [term.name for term in terms], "group": "all"})
    return frame.join(_intervals(moments, confidence_level)).assign(
        level=[term.level for term in terms],
        label=[term.label for term in terms],
        dimension=[term.dimension for term in terms],
        sd=moments.sd,
        note=np.where(moments.n < 2, "too_few", np.where(moments.sd == 0, "constant", "")),
    )


def _ways(
    scores: FloatArray,
    sizes: IntArray,
    shares: FloatArray | None,
    weights: FloatArray | None,
    confidence_level: float,
) -> pd.DataFrame:
    """Return the overall scores in every way of summing up, and their differences.

    Parameters
    ----------
    scores : ndarray, shape (n, d)
        Dimensions of each respondent.
    sizes : ndarray of int, shape (d,)
    shares : ndarray, shape (n, d), or None
        Importance, rows summing to 1.
    weights : ndarray, shape (n,), or None
    confidence_level : float
    """
    by_items = sizes / sizes.sum()
    equal = np.full(len(sizes), 1 / len(sizes))
    columns = {
        "over_dimensions": scores @ equal,
        "over_items": scores @ by_items,
        "items_minus_dimensions": scores @ (by_items - equal),
    }
    if shares is not None:
        columns |= _by_points(scores, shares, weights)
    moments = column_moments(np.column_stack(list(columns.values())), weights=weights)
    frame = pd.DataFrame({"term": list(columns), "group": ""})
    return frame.join(_intervals(moments, confidence_level))


def _by_points(
    scores: FloatArray, shares: FloatArray, weights: FloatArray | None
) -> dict[str, FloatArray]:
    """Return columns whose means are the scores by importance and what they differ by.

    That of a product of means is its linearisation: mean and error are those of the product.
    """
    answered = np.isfinite(scores + shares).all(axis=1, keepdims=True)
    own, rated = (np.where(answered, x, np.nan) for x in (shares, scores))
    share, score = (column_moments(x, weights=weights).mean for x in (own, rated))
    product = own @ score + rated @ share - share @ score
    return {
        "own_points": (own * rated).sum(axis=1),
        "mean_points": product,
        "covariance": ((own - share) * (rated - score)).sum(axis=1),
    }


def _intervals(moments: ColumnMoments, confidence_level: float) -> pd.DataFrame:
    # A spread of 0 in the sample is no certainty: no interval of width 0.
    error = np.where(moments.sd > 0, moments.std_error, np.nan)
    half = stats.t.ppf((1 + confidence_level) / 2, moments.df) * error
    return pd.DataFrame(
        {
            "estimate": moments.mean,
            "std_error": moments.std_error,
            "conf_low": moments.mean - half,
            "conf_high": moments.mean + half,
            "n": moments.n,
        }
    )
