"""The analyses a study gets by its design; None where it has no such part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from cxresearch._types import PAdjust
from cxresearch._validate import check_names
from cxresearch.errors import CxError
from cxresearch.peak_end.between import ConditionsResult, compare_conditions
from cxresearch.peak_end.checks import (
    AttritionResult,
    BalanceResult,
    SampleRatioResult,
    attrition,
    balance_test,
    sample_ratio,
)
from cxresearch.peak_end.choice import (
    ChoiceDifferenceResult,
    ChoiceResult,
    choice_share,
    compare_choices,
)
from cxresearch.peak_end.crossover import CrossoverResult, crossover
from cxresearch.peak_end.duration import DurationNeglectResult, duration_neglect
from cxresearch.peak_end.latent import LatentCoursesResult, latent_courses
from cxresearch.peak_end.mixed import MixedModelResult, mixed_model
from cxresearch.peak_end.table import PeakEndTable, with_numeric_covariates

ConditionEffect = ConditionsResult | CrossoverResult | MixedModelResult
ChoiceEffect = ChoiceResult | ChoiceDifferenceResult

_FEWEST_PEOPLE = 5
_FEWEST_COURSES = 10
_SLOPE_FROM = 3
"""Episodes of the typical person from which a slope of one's own can be estimated."""


def study_courses(table: PeakEndTable) -> LatentCoursesResult | None:
    """Fit the latent courses of a study's episodes; None where there are too few to do so.

    Parameters
    ----------
    table : PeakEndTable

    Returns
    -------
    LatentCoursesResult or None
        None with fewer than 10 episodes of two moments or more, or where ratings do not vary
        within episodes.
    """
    known = table.features.features
    several = known[known["n_moments"] > 1]
    moves = (several["maximum"] > several["minimum"]).any()
    if len(several) < _FEWEST_COURSES or not moves:
        return None
    return latent_courses(table.data.moments, table.features)


def duration_effect(
    table: PeakEndTable,
    *,
    latent: LatentCoursesResult | None = None,
    sesoi: float = 0.10,
    confidence_level: float = 0.95,
) -> DurationNeglectResult | None:
    """Test duration neglect in a study; None where all episodes last alike.

    Parameters
    ----------
    table : PeakEndTable
    latent : LatentCoursesResult, optional
        From `study_courses`: the latent peak is one more rule under which duration is tested.
    sesoi, confidence_level
        As for `duration_neglect`.
    """
    remembered = table.frame["retrospective"].notna()
    if table.frame["duration"][remembered].nunique() < 2:
        return None
    return duration_neglect(
        table.frame if latent is None else latent.with_features(table.frame),
        retrospective="retrospective",
        participant="participant",
        sesoi=sesoi,
        confidence_level=confidence_level,
    )


def person_differences(
    table: PeakEndTable, *, confidence_level: float = 0.95
) -> MixedModelResult | None:
    r"""Fit how memory follows peak and end within people, and how people differ in it.

    Peak and end are split into the person's mean (``peak_between``) and the deviation of an
    episode from it (``peak_within``): people who tend to feel worse and episodes that were
    worse than a person's others are different questions. The intercept varies between people,
    and with three episodes a person also the slope of the end.

    Returns
    -------
    MixedModelResult or None
        None where fewer than 5 people have two complete episodes.
    """
    asked = ["peak", "end", "retrospective"]
    whole = table.frame[["participant", *asked]].dropna(subset=asked)
    people = whole["participant"]
    if people[people.duplicated()].nunique() < _FEWEST_PEOPLE:
        return None
    split = whole[["participant", "retrospective"]].copy()
    for name in ("peak", "end"):
        split[f"{name}_between"] = whole.groupby("participant")[name].transform("mean")
        split[f"{name}_within"] = whole[name] - split[f"{name}_between"]
    fixed = ["peak_within", "end_within", "peak_between", "end_between"]
    varying = [name for name in fixed if split[name].round(12).nunique() > 1]
    typical = whole.groupby("participant").size().median()
    own_slope = typical >= _SLOPE_FROM and "end_within" in varying
    return mixed_model(
        split,
        outcome="retrospective",
        fixed=varying,
        groups="participant",
        random=["end_within"] if own_slope else [],
        confidence_level=confidence_level,
    )


def condition_sizes(
    table: PeakEndTable, *, planned: Sequence[float] | Mapping[str, float] = ()
) -> SampleRatioResult | None:
    """Test the number of people in each condition; None without separate conditions.

    Parameters
    ----------
    table : PeakEndTable
    planned : sequence of float, or mapping of str to float
        Planned ratio, in the order of the conditions or by their names; equal when empty. A
        named condition that nobody was in counts with 0 people.

    Raises
    ------
    CxError
        `planned` has not one part for each condition.
    """
    if planned and not isinstance(planned, Mapping) and len(planned) != len(table.conditions):
        raise CxError(
            f"planned has {len(planned)} parts, the conditions are {list(table.conditions)}"
        )
    if table.design != "between":
        return None
    people = Counter(map(str, _assigned(table)["condition"]))
    if isinstance(planned, Mapping):
        ratio = dict(planned) or None
    else:
        ratio = dict(zip(table.conditions, planned, strict=True)) if planned else None
    names = dict.fromkeys([*table.conditions, *(ratio or ())])
    return sample_ratio({name: people[name] for name in names}, ratio=ratio)


def condition_balance(table: PeakEndTable, *, seed: int = 20260101) -> BalanceResult | None:
    """Test the covariates for balance; None without separate conditions or covariates."""
    if table.design != "between" or not table.covariates:
        return None
    episodes, _ = with_numeric_covariates(table.data)
    people = episodes[~episodes["participant"].duplicated()]
    return balance_test(people, condition="condition", covariates=table.covariates, seed=seed)


def condition_attrition(
    table: PeakEndTable, *, confidence_level: float = 0.95
) -> AttritionResult | None:
    """Compare the people lost by condition; None without separate conditions.

    Lost is who has no remembered rating, or whose episodes were all left out.
    """
    if table.design != "between":
        return None
    return attrition(
        _assigned(table), condition="condition", lost="lost", confidence_level=confidence_level
    )


def _assigned(table: PeakEndTable) -> pd.DataFrame:
    """Return one row for each person who was assigned, lost or not."""
    read = table.data.quality
    read = read[(read["excluded"] != "duplicated") & read["condition"].notna()]
    stayed = read.loc[(read["excluded"] == "") & ~read["no_retrospective"], "participant"]
    people = read[~read["participant"].duplicated()]
    return pd.DataFrame(
        {"condition": people["condition"], "lost": ~people["participant"].isin(stayed)}
    )


def condition_check(
    table: PeakEndTable,
    *,
    outcome: str = "end",
    confidence_level: float = 0.95,
    p_adjust: PAdjust = "holm",
) -> ConditionEffect | None:
    """Compare a feature of the moments between conditions, to see that the change was felt.

    Parameters
    ----------
    table : PeakEndTable
    outcome : str
        Feature that the condition was meant to change.
    confidence_level, p_adjust
        As for `compare_conditions`.

    Returns
    -------
    ConditionsResult, CrossoverResult, MixedModelResult or None
        None in a study without conditions, or where the feature never varies.
    """
    check_names("outcome", [outcome], [str(c) for c in table.frame.columns], of="columns")
    if table.design == "none" or table.frame[outcome].nunique() < 2:
        return None
    return _effect(table, table.frame, outcome, (), "", confidence_level, p_adjust)


def condition_effect(
    table: PeakEndTable,
    *,
    control: str = "",
    confidence_level: float = 0.95,
    p_adjust: PAdjust = "holm",
) -> ConditionEffect | None:
    """Compare the remembered rating between conditions, as the design allows.

    - one episode a person: `compare_conditions`, with the covariates;
    - two conditions, one in each of two episodes, both orders: `crossover`;
    - else: `mixed_model` with the person as group, the condition, and the number of the episode
      where people met several conditions.

    Parameters
    ----------
    table : PeakEndTable
    control : str
        Condition the others are compared with; ``""`` for all pairs.
    confidence_level, p_adjust
        As for `compare_conditions`.

    Returns
    -------
    ConditionsResult, CrossoverResult, MixedModelResult or None
        None in a study without conditions.
    """
    if table.design == "none":
        return None
    episodes, _ = with_numeric_covariates(table.data)
    return _effect(
        table, episodes, "retrospective", table.covariates, control, confidence_level, p_adjust
    )


def _effect(
    table: PeakEndTable,
    episodes: pd.DataFrame,
    outcome: str,
    covariates: tuple[str, ...],
    control: str,
    confidence_level: float,
    p_adjust: PAdjust,
) -> ConditionEffect:
    used = episodes[episodes["condition"].notna()]
    if table.one_episode_each:
        return compare_conditions(
            used,
            outcome=outcome,
            condition="condition",
            participant="participant",
            covariates=dict.fromkeys(covariates, "before"),
            control=control,
            confidence_level=confidence_level,
            p_adjust=p_adjust,
        )
    used = _with_period(used)
    if table.design == "within" and _is_crossover(used):
        return crossover(
            used,
            outcome=outcome,
            condition="condition",
            period="period",
            participant="participant",
            confidence_level=confidence_level,
        )
    within = ["period"] if table.design == "within" and used["period"].nunique() > 1 else []
    return mixed_model(
        used,
        outcome=outcome,
        fixed=["condition", *within, *covariates],
        groups="participant",
        compare="condition",
        control=control,
        confidence_level=confidence_level,
        p_adjust=p_adjust,
    )


def _with_period(episodes: pd.DataFrame) -> pd.DataFrame:
    """Add the number of an episode among those of its person, in the order of their names."""
    numbers = pd.to_numeric(episodes["episode"], errors="coerce")
    order = numbers if numbers.notna().all() else episodes["episode"]
    rank = order.groupby(episodes["participant"]).rank(method="first")
    return episodes.assign(period=rank.astype(int))


def _is_crossover(episodes: pd.DataFrame) -> bool:
    """Tell whether each of two conditions was met once by everybody, in both orders."""
    met = episodes.groupby("participant")["condition"].agg(["size", "nunique"])
    first = episodes.loc[episodes["period"] == 1, "condition"].astype(str).value_counts()
    conditions = episodes["condition"].astype(str).nunique()
    return bool(
        conditions == 2
        and (met["size"] <= 2).all()
        and (met["size"] == met["nunique"]).all()
        and len(first) == 2
        and first.min() >= 2
    )


def choice_effect(
    table: PeakEndTable, *, confidence_level: float = 0.95
) -> ChoiceEffect | None:
    """Compare what people chose; None where the study asked for no choice.

    - separate conditions: share that chose, second condition less the first;
    - both conditions met by everybody: of those who chose one of them, the share that chose the
      second;
    - no conditions, one episode a person: share that chose.

    None also for more than two conditions, and for repeated choices of a person.
    """
    data = table.data
    if "choice" not in data.episodes:
        return None
    told = data.episodes[data.episodes["choice"].notna()]
    if table.design == "within" and len(table.conditions) == 2:
        chosen = told[told["choice"] == 1].drop_duplicates("participant", keep=False)
        second = int((chosen["condition"] == table.conditions[1]).sum())
        found = chosen["condition"].notna().sum()
        return choice_share(second, int(found), confidence_level=confidence_level)
    if not table.one_episode_each:
        return None
    if table.design == "none":
        count = int(told["choice"].sum())
        return choice_share(count, len(told), confidence_level=confidence_level)
    groups = [told.loc[told["condition"] == name, "choice"] for name in table.conditions]
    if len(groups) != 2 or not all(len(group) for group in groups):
        return None
    first, second_group = ((int(group.sum()), len(group)) for group in groups)
    return compare_choices(first, second_group, confidence_level=confidence_level)
