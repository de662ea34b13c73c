"""What a difference score can bear: reliability, restriction, validity beside the rating."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import BoolArray, FloatArray
from cxresearch._validate import check_choice, check_count, check_fraction
from cxresearch.codebook.model import Battery
from cxresearch.responses.model import Responses
from cxresearch.servqual._battery import check_battery
from cxresearch.servqual._data import Weighted, analysed_respondents
from cxresearch.servqual._gap_quality_rows import (
    NUMBERS,
    OVERALL,
    VALIDITY,
    Overall,
    Score,
    Study,
    scores_of,
)
from cxresearch.servqual._outcome import Outcome, find_outcome, first_outcome
from cxresearch.servqual.gap_quality_result import GapQualityResult


def difference_score_quality(
    responses: Responses,
    *,
    battery: str | None = None,
    outcome: str | None = None,
    overall: Overall = "dimensions",
    confidence_level: float = 0.95,
    weighted: Weighted = "auto",
    n_boot: int = 2000,
    seed: int = 1,
) -> GapQualityResult:
    r"""Ask of each gap how reliable it is, what restricts it, and what it adds to the rating.

    Lord's reliability of ``G = P − E`` is
    ``(σ_P² α_P + σ_E² α_E − 2 r σ_P σ_E) / (σ_P² + σ_E² − 2 r σ_P σ_E)``: the closer
    expectations and perceptions go together, the more of their difference is error.

    Parameters
    ----------
    responses : Responses
    battery : str, optional
        Name of the battery; not needed when the codebook has one. It must have the parts
        expectation and perception.
    outcome : str, optional
        A rating such as satisfaction. With it, the correlation of the outcome with the
        perception (SERVPERF) is compared with that of the gap (SERVQUAL).
    overall : {"dimensions", "items"}
        Whether the overall score is the mean over dimensions or over items.
    confidence_level : float
        Between 0 and 1.
    weighted : bool or {"auto", "yes", "no"}
        Use the codebook's column of case weights; ``"auto"`` does when there is one.
    n_boot : int
        Resamples of respondents, at least 100.
    seed : int

    Returns
    -------
    GapQualityResult
        ``estimates`` has a row for each dimension and, with two or more, for ``overall``:
        ``estimate`` (Lord's reliability, equal to 1 less the share of error variance in the
        gap), ``std_error``, ``conf_low``, ``conf_high`` (bootstrap, percentiles), ``n``
        (respondents with every answer to it), ``alpha_perception``, ``alpha_expectation``,
        ``alpha_gap`` (alpha of the item gaps, with which Lord's value is often confused),
        ``lord_equal`` (the formula for equal variances), ``r`` (expectation with perception),
        the three sds, ``variance_ratio`` (expectation over perception), ``ceiling`` (share of
        expectation answers at the top of the scale), ``r_gap_perception`` (how far the gap is
        the perception over again), ``r_if_unrelated`` (what that would be if expectations and
        perceptions had nothing to do with each other), ``warning`` (``ceiling`` from half the
        answers at the top, ``restricted`` below a variance ratio of 0.3, or both joined by
        ``_``), ``note`` (``""``, ``one_item``, ``too_few``, ``constant``).

        ``validity`` has the same rows: ``estimate`` = r(outcome, perception) − r(outcome, gap),
        Williams' t with df and p (Holm over the dimensions under ``p_adjusted``), a bootstrap
        interval, both correlations and that of the scores.

    Raises
    ------
    CxError
        An argument is not allowed, or the battery lacks a part.
    ResponseError
        Fewer than 2 respondents can be analysed, or a weight is negative.

    Notes
    -----
    Reliability rests on complete cases, term by term; validity on the scores of
    `servqual_gaps`, for which half the pairs of answers of a dimension suffice. The overall
    score takes stratified alphas, the dimensions being its strata; a dimension of a single item
    has no alpha and leaves the overall score without one. Under weights correlations and
    variances are weighted and Williams' t gives way to the bootstrap standard error (df n − 1).
    Respondents are resampled one by one: clusters are not allowed for. R: ``psych::alpha``,
    ``psych::r.test``.

    Alpha takes the items of a dimension for interchangeable; where they are not it is a lower
    bound, and so is Lord's value.

    Measured by ``benchmarks/coverage_gap_quality.py`` on five 7-point items, expectations near
    the top: 95% bootstrap intervals of Lord's reliability (true value .797) cover 93.8% at
    n = 50, 94.1% at 100 and 95.1% at 400, missing mostly on the low side in small samples.
    Williams' t rejects true hypotheses in 5.1% of samples at n = 50 and at n = 200.

    References
    ----------
    Lord, F. M. (1956). The measurement of growth. Educational and Psychological Measurement 16,
    421–437. https://doi.org/10.1177/001316445601600401

    Williams, E. J. (1959). The comparison of regression variables. Journal of the Royal
    Statistical Society B 21, 396–399. https://www.jstor.org/stable/2983809

    Peter, J. P., Churchill, G. A., & Brown, T. J. (1993). Caution in the use of difference
    scores in consumer research. Journal of Consumer Research 19, 655–662.
    https://academic.oup.com/jcr/article-abstract/19/4/655/1820183

    Brown, T. J., Churchill, G. A., & Peter, J. P. (1993). Improving the measurement of service
    quality. Journal of Retailing 69, 127–139.

    Cronin, J. J., & Taylor, S. A. (1992). Measuring service quality: a reexamination and
    extension. Journal of Marketing 56(3), 55–68. https://doi.org/10.1177/002224299205600304

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from cxresearch.codebook.model import Codebook, Item, ResponseScale, Scale
    >>> from cxresearch.responses.model import Flow
    >>> items = (Item(key=1, text="Polite"), Item(key=2, text="Quick"))
    >>> desk = Battery(
    ...     name="desk",
    ...     scale=ResponseScale(name="agree7", low=1, high=7),
    ...     parts={"expectation": "E{item}", "perception": "P{item}"},
    ...     scales=(Scale(name="staff", label="Staff", items=items),),
    ... )
    >>> rng = np.random.default_rng(3)
    >>> liked, hoped = rng.normal(size=(2, 200))
    >>> noise = rng.normal(size=(4, 200))
    >>> columns = {"E1": 6 + hoped, "E2": 6 + hoped, "P1": 5 + liked, "P2": 5 + liked}
    >>> answers = pd.DataFrame({name: x + e for (name, x), e in zip(columns.items(), noise)})
    >>> responses = Responses(
    ...     codebook=Codebook(survey="Desk", batteries=(desk,)),
    ...     frame=answers.round().clip(1, 7),
    ...     missing=answers.isna(),
    ...     quality=pd.DataFrame(),
    ...     flow=Flow(read=200),
    ...     sources=(),
    ... )
    >>> quality = difference_score_quality(responses, n_boot=200)
    >>> quality.tidy()["term"].tolist(), len(quality.validity)
    (['staff'], 0)
    """
    check_choice("overall", overall, OVERALL)
    check_fraction("confidence_level", confidence_level)
    check_count("n_boot", n_boot, at_least=100)
    check_count("seed", seed)
    chosen = check_battery(responses.battery(battery))
    target = None if outcome is None else find_outcome(responses, outcome)
    analysed, weights, notes = analysed_respondents(responses, weighted=weighted)
    study = Study(
        battery=chosen,
        perception=_answers(responses, chosen, "perception", analysed),
        expectation=_answers(responses, chosen, "expectation", analysed),
        outcome=None if target is None else target.values[analysed],
        weights=weights,
        confidence_level=float(confidence_level),
        n_boot=int(n_boot),
        seed=int(seed),
    )
    scores = scores_of(chosen, overall)
    estimates = pd.DataFrame([study.row(score) for score in scores])
    return GapQualityResult(
        estimates=estimates.astype(dict.fromkeys((*NUMBERS, "n"), float)),
        validity=_validity(study, scores, target),
        n=int(analysed.sum()),
        battery=chosen.name,
        scale_high=float(chosen.scale.high),
        outcome="" if target is None else target.name,
        outcome_label="" if target is None else target.label,
        overall=overall,
        confidence_level=float(confidence_level),
        weighted=weights is not None,
        n_boot=int(n_boot),
        seed=int(seed),
        notes=(*notes, *_warning_notes(estimates)),
    )


def _answers(
    responses: Responses,
    battery: Battery,
    part: Literal["perception", "expectation"],
    analysed: BoolArray,
) -> FloatArray:
    frame = responses.answers(part, battery=battery.name)
    return frame.to_numpy(dtype=float)[analysed]


def _warning_notes(estimates: pd.DataFrame) -> list[str]:
    return [
        f"expectation_{code}:{term}"
        for code in ("ceiling", "restricted")
        for term, warning in zip(estimates["term"], estimates["warning"], strict=True)
        if code in warning
    ]


def _validity(study: Study, scores: list[Score], outcome: Outcome | None) -> pd.DataFrame:
    rows = []
    if outcome is not None and study.outcome is not None:
        rows = [study.validity_row(score, study.outcome) for score in scores]
    frame = pd.DataFrame(rows, columns=list(VALIDITY))
    text = dict.fromkeys(("term", "group", "label", "note"), object)
    numbers = [name for name in VALIDITY if name not in text]
    frame = frame.astype(text | dict.fromkeys(numbers, float))
    dimension = frame["term"] != "overall"
    p = frame["p_value"].to_numpy(copy=True)
    p[dimension] = adjust_p_values(p[dimension], method="holm")
    return frame.assign(p_adjusted=p)


def study_gap_quality(
    responses: Responses,
    *,
    outcome: str | None = None,
    battery: str | None = None,
    confidence_level: float = 0.95,
    weighted: Weighted = "auto",
    seed: int = 1,
) -> GapQualityResult:
    """Ask what the gaps of a study can bear, with its first outcome where it has one.

    Parameters
    ----------
    responses : Responses
    outcome : str, optional
        Without it the first column of role outcome; a study that has none is analysed without.
    battery, confidence_level, weighted, seed
        As in `difference_score_quality`.

    Returns
    -------
    GapQualityResult

    Raises
    ------
    CxError, ResponseError
        As in `difference_score_quality`.
    """
    return difference_score_quality(
        responses,
        battery=battery,
        outcome=outcome or first_outcome(responses),
        confidence_level=confidence_level,
        weighted=weighted,
        seed=seed,
    )
