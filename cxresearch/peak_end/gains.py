"""What each rule of memory gains over the average, and what a point of a feature goes with."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._multiplicity import adjust_p_values
from cxresearch._validate import check_names
from cxresearch.peak_end.memory import MemoryModelsResult
from cxresearch.results import in_tidy_order

BASELINE = "mean"


def gains_over_average(found: MemoryModelsResult) -> pd.DataFrame:
    r"""Return by how much each rule predicts memory better than the average does, tested.

    The gain is the mean squared prediction error of the average less that of the rule, both on
    participants the models never saw, episode by episode; its test is
    ``t = gain/se`` with participants − 1 degrees of freedom.

    Parameters
    ----------
    found : MemoryModelsResult

    Returns
    -------
    DataFrame
        term, group ("mean"), estimate (squared outcome units; above 0 the rule is better),
        std_error, statistic, df, p_value, p_adjusted (Holm, over the rules), conf_low,
        conf_high, n. The average itself has a gain of 0 and no test.

    Notes
    -----
    Models of different folds share most of their data, so their errors are not quite
    independent and the interval is a little too narrow: an approximation that is usual and not
    exact.

    References
    ----------
    Nadeau, C., & Bengio, Y. (2003). Inference for the generalization error. Machine Learning
    52, 239–281. https://doi.org/10.1023/A:1024068626366

    Examples
    --------
    >>> from cxresearch.peak_end import compare_memory_models
    >>> rng = np.random.default_rng(1)
    >>> names = ["peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend"]
    >>> episodes = pd.DataFrame(rng.normal(size=(60, 8)), columns=names)
    >>> episodes["duration"], episodes["person"] = rng.normal(size=60), range(60)
    >>> episodes["memory"] = episodes["peak"] + episodes["end"] + rng.normal(size=60)
    >>> found = compare_memory_models(episodes, retrospective="memory", participant="person")
    >>> gains = gains_over_average(found).set_index("term")
    >>> bool(gains.loc["peak_end", "conf_low"] > 0)
    True
    """
    models = found.models
    rival = (models["term"] != BASELINE).to_numpy()
    gain = models["cv_gain"].to_numpy(dtype=float)
    error = np.where(rival, models["cv_gain_se"].to_numpy(dtype=float), np.nan)
    df = float(found.n_participants - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = gain / error
    p_value = 2 * stats.t.sf(np.abs(statistic), df)
    half = float(stats.t.ppf((1 + found.confidence_level) / 2, df)) * error
    return in_tidy_order(
        pd.DataFrame(
            {
                "term": models["term"].to_numpy(),
                "group": BASELINE,
                "estimate": gain,
                "std_error": error,
                "statistic": statistic,
                "df": df,
                "p_value": p_value,
                "p_adjusted": adjust_p_values(p_value, method="holm"),
                "conf_low": gain - half,
                "conf_high": gain + half,
                "n": models["n"].to_numpy(dtype=float),
            }
        )
    )


def feature_slopes(found: MemoryModelsResult, model: str = "peak_plus_end") -> pd.DataFrame:
    """Return what one point more of each feature goes with in memory, the others held.

    Parameters
    ----------
    found : MemoryModelsResult
    model : str
        One of the rivals.

    Returns
    -------
    DataFrame
        term (feature), group (model), estimate, std_error, statistic, df, p_value, p_adjusted
        (Holm, over the features of the model), conf_low, conf_high, n. Empty where the model
        was not estimated.

    Raises
    ------
    CxError
        The model is unknown.

    Notes
    -----
    Degrees of freedom: episodes less parameters; with repeated episodes participants less
    parameters, at least 1, which is on the safe side for features that vary within people.
    """
    check_names("model", [model], found.models["term"].tolist(), of="models")
    every = found.coefficients
    own = [
        row
        for row, (term, group) in enumerate(zip(every["term"], every["group"], strict=True))
        if term == model and group != "intercept"
    ]
    units = found.n_participants if found.mixed else found.n
    df = float(max(1, units - len(own) - 1))
    estimate, error = (
        every[name].to_numpy(dtype=float)[own] for name in ("estimate", "std_error")
    )
    statistic = estimate / error
    p_value = 2 * stats.t.sf(np.abs(statistic), df)
    half = float(stats.t.ppf((1 + found.confidence_level) / 2, df)) * error
    table = pd.DataFrame(
        {
            "term": every["group"].iloc[own].to_numpy(),
            "group": model,
            "estimate": estimate,
            "std_error": error,
            "statistic": statistic,
            "df": df,
            "p_value": p_value,
            "p_adjusted": adjust_p_values(p_value, method="holm"),
            "conf_low": estimate - half,
            "conf_high": estimate + half,
            "n": float(found.n),
        }
    )
    return in_tidy_order(table)
