"""Missing answers: listwise, multiple imputation, and touchpoints that were not used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._chained import impute_sets
from cxresearch._types import BoolArray, FloatArray
from cxresearch._validate import check_count, check_names
from cxresearch.drivers._chained import read_answers
from cxresearch.drivers._model_columns import is_factor, numbers
from cxresearch.errors import CxError, ResponseError


def not_used_mask(
    frame: pd.DataFrame, not_used: pd.DataFrame | Mapping[str, Sequence[bool]] | None
) -> pd.DataFrame:
    """Return for every cell of `frame` whether it is missing because of no use.

    Parameters
    ----------
    frame : pandas.DataFrame
    not_used : DataFrame of bool, or of kinds of non-answer (``"not_used"`` …), or mapping,
    optional
        Columns it does not name were used by all.

    Raises
    ------
    CxError
        Columns or rows that are not those of the frame.
    ResponseError
        A cell is said to be not used and holds an answer.
    """
    nowhere = np.zeros(len(frame), dtype=bool)
    flags = dict.fromkeys(map(str, frame.columns), nowhere)
    given = {} if not_used is None else not_used
    for name in map(str, given):
        values = np.asarray(given[name])
        if values.shape != (len(frame),):
            raise CxError(
                f"not_used[{name!r}]: {values.shape} entries for {len(frame)} rows of the frame"
            )
        if name not in flags:
            if isinstance(given, pd.DataFrame):
                continue
            check_names("not_used", [name], list(flags), of="columns")
        flag = values if values.dtype == bool else values == "not_used"
        answered = int(frame[name].notna().to_numpy()[flag].sum())
        if answered:
            raise ResponseError(
                f"{name!r}: {answered} respondent(s) marked as not used gave an answer"
            )
        flags[name] = flag
    return pd.DataFrame(flags, index=frame.index)


def impute_answers(
    frame: pd.DataFrame,
    *,
    columns: Sequence[str],
    not_used: pd.DataFrame | Mapping[str, Sequence[bool]] | None = None,
    imputations: int = 20,
    iterations: int = 10,
    donors: int = 5,
    seed: int = 1,
) -> tuple[pd.DataFrame, ...]:
    """Fill missing ratings several times, by chained equations with predictive mean matching.

    Parameters
    ----------
    frame : pandas.DataFrame
    columns : sequence of str
        Columns that are filled and predict each other: drivers, controls *and the outcome*
        (without it imputed drivers would be unrelated to it). Factors among them must be
        complete.
    not_used : optional
        Cells of touchpoints that were not used (see `not_used_mask`): they stay missing, and
        that they are is itself a predictor.
    imputations, iterations, donors, seed : int
        Data sets; rounds of the chain; nearest answers to draw one from; seed.

    Returns
    -------
    tuple of pandas.DataFrame
        Copies of `frame` with the columns filled.

    Raises
    ------
    CxError
        An unknown column or option.
    ResponseError
        A factor with missing values, or a column nobody answered.

    Notes
    -----
    Imputed values are answers that somebody gave, so they stay on the scale. The answers are
    taken to be missing at random given the columns. Case weights do not enter the imputation.
    As ``mice(method = "pmm")`` (matching of type 1); random numbers differ, so do single
    values.

    References
    ----------
    van Buuren, S. (2018). *Flexible imputation of missing data* (2nd ed.). CRC Press.
    https://doi.org/10.1201/9780429492259

    Little, R. J. A. (1988). Missing-data adjustments in large surveys. *Journal of Business &
    Economic Statistics*, 6, 287–296. https://doi.org/10.1080/07350015.1988.10509663

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> stay = pd.DataFrame({"room": [1, 2, 3, 4, 5, np.nan], "overall": [1, 2, 3, 4, 5, 5]})
    >>> filled = impute_answers(stay, columns=["room", "overall"], imputations=2)
    >>> bool(filled[0]["room"].isin([1, 2, 3, 4, 5]).all())
    True
    """
    named = check_names("columns", columns, [str(c) for c in frame.columns], of="columns")
    check_count("imputations", imputations, at_least=2)
    check_count("iterations", iterations, at_least=1)
    check_count("donors", donors, at_least=1)
    empty = [name for name in named if frame[name].isna().all()]
    if empty:
        raise ResponseError(f"column(s) {empty}: no respondent answered; leave them out")
    answers = read_answers(frame, named, not_used_mask(frame, not_used))
    return tuple(
        frame.assign(**dict(zip(answers.names, values.T, strict=True)))
        for values in impute_sets(
            answers, imputations=imputations, iterations=iterations, donors=donors, seed=seed
        )
    )


def complete_sets(
    frame: pd.DataFrame, columns: Sequence[str], *, outcome: str, not_used: pd.DataFrame,
    imputations: int, iterations: int, donors: int, seed: int,
) -> list[pd.DataFrame]:  # fmt: skip
    """Return the columns and the outcome, filled several times for who answered the outcome.

    Without an outcome a respondent keeps a place in the design, out of the model.
    """
    names = [*columns, outcome]
    known = frame[outcome].notna().to_numpy()
    sets = impute_answers(
        frame.loc[known, names], columns=names, not_used=not_used.loc[known, names],
        imputations=imputations, iterations=iterations, donors=donors, seed=seed,
    )  # fmt: skip
    asked = {outcome: frame[outcome]}
    return [one.reindex(frame.index).assign(**asked) for one in sets]


def indicator_of(driver: str) -> str:
    """Return the name of the column that says a driver's touchpoint was not used."""
    return f"{driver}[not used]"


def adjust_not_used(
    frame: pd.DataFrame,
    *,
    drivers: Sequence[str],
    not_used: pd.DataFrame | Mapping[str, Sequence[bool]] | None,
    weights: FloatArray | None = None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Keep respondents who did not use a touchpoint: centred rating plus an indicator.

    ``x* = u (x − mean of users)`` and ``d = 1 − u``: the coefficient of x* is the slope among
    users, that of d compares those who did not use the touchpoint with its average user.
    Nothing is imputed where there was nothing to rate.

    Parameters
    ----------
    frame : pandas.DataFrame
    drivers : sequence of str
    not_used : see `not_used_mask`
    weights : ndarray, optional
        Case weights for the mean of the users.

    Returns
    -------
    tuple
        A copy of the frame with the adjusted drivers and an indicator column ``"<driver>[not
        used]"`` for each driver that has such cells, and the names of the indicators. Drivers
        behind one filter share the first one's indicator: a second would say the same.

    Raises
    ------
    ResponseError
        Nobody used the touchpoint, or the driver is a factor.

    References
    ----------
    Jones, M. P. (1996). Indicator and stratification methods for missing explanatory variables
    in multiple linear regression. *Journal of the American Statistical Association*, 91,
    222–230. https://doi.org/10.1080/01621459.1996.10476680 (it is biased for answers that exist
    but are missing, hence only for touchpoints that were not used)

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> stay = pd.DataFrame({"pool": [5.0, 3.0, np.nan]})
    >>> never = {"pool": [False, False, True]}
    >>> adjusted, names = adjust_not_used(stay, drivers=["pool"], not_used=never)
    >>> adjusted["pool"].tolist(), adjusted["pool[not used]"].tolist()
    ([1.0, -1.0, 0.0], [0.0, 0.0, 1.0])
    """
    no_use = NoUse.of(not_used_mask(frame, not_used), drivers)
    return no_use.adjusted(frame, weights), tuple(no_use.indicators)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NoUse:
    """Drivers that some did not use; the same in all imputed sets.

    Attributes
    ----------
    flags : dict
        Driver → who did not use it, shape (n,).
    indicators : dict
        Name of an indicator column → the same; a driver whose indicator would repeat those
        before has none.
    """

    flags: dict[str, BoolArray]
    indicators: dict[str, BoolArray]

    @classmethod
    def of(cls, mask: pd.DataFrame, drivers: Sequence[str]) -> NoUse:
        flags = {driver: mask[driver].to_numpy(dtype=bool) for driver in drivers}
        flags = {driver: flag for driver, flag in flags.items() if flag.any()}
        indicators = dict[str, BoolArray]()
        for driver, flag in flags.items():
            told = np.column_stack([np.ones(len(mask)), *indicators.values(), flag])
            if np.linalg.matrix_rank(told) == told.shape[1]:
                indicators[indicator_of(driver)] = flag
        return cls(flags=flags, indicators=indicators)

    def adjusted(self, frame: pd.DataFrame, weights: FloatArray | None) -> pd.DataFrame:
        """Return the frame with ratings centred among users, and the indicators."""
        w = np.ones(len(frame)) if weights is None else weights
        columns = {
            driver: self._centred(frame, driver, flag, w) for driver, flag in self.flags.items()
        }
        told = {name: flag.astype(float) for name, flag in self.indicators.items()}
        return frame.assign(**columns, **told)

    def _centred(
        self, frame: pd.DataFrame, driver: str, flag: BoolArray, w: FloatArray
    ) -> FloatArray:
        if is_factor(frame[driver]):
            raise ResponseError(
                f"driver {driver!r} is a factor; make 'not used' a level of its own"
            )
        values = numbers(frame, driver)
        users = ~np.isnan(values)
        if not users.any():
            raise ResponseError(f"driver {driver!r}: nobody used and rated it; leave it out")
        centre = np.average(values[users], weights=w[users])
        return np.where(flag, 0.0, values - centre)
