"""Power of a planned peak-end study, by simulating it whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from scipy import special
from scipy.optimize import brentq

from cxresearch._types import FloatArray
from cxresearch._validate import check_count, check_fraction
from cxresearch.peak_end._batch import BatchFit, fit_random_intercepts
from cxresearch.peak_end._least_squares import least_squares
from cxresearch.peak_end.choice import wilson_interval
from cxresearch.peak_end.power import noncentral_power, t_test_power
from cxresearch.peak_end.simulate import Draws, PeakEndDesign, draw_studies
from cxresearch.results import Result, in_tidy_order

_CELLS = 1_000_000
"""Moments drawn at once: a few dozen megabytes."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PeakEndPowerResult(Result):
    """How often a planned study would find what it looks for.

    Attributes
    ----------
    estimates : DataFrame
        One row a term and number of participants: term ("condition" on memory; "peak" and
        "end" as predictors of memory), group (participants, as text), estimate (power),
        std_error (Monte Carlo), conf_low, conf_high (Wilson), n (studies), participants,
        mean_effect, sd_effect, mean_std_error, mean_df, vanished (share of studies without
        variance between people).
    sufficient : float
        Smallest number of participants tried with the power wanted for the condition; nan when
        none has it.
    closed_form : float
        Power of the t test that a design with one episode amounts to, from the effect and
        spread seen in the simulations; nan for other designs.
    design : dict of str
        The design of the largest study tried, and the beliefs behind it.
    target_power : float
    n_studies : int
    seed : int
    confidence_level : float
    notes : tuple of str
        Code "power_from_beliefs": the result is as good as the beliefs of the design. A
        published effect is larger than the true one on average.
    """

    estimates: pd.DataFrame
    sufficient: float
    closed_form: float
    design: dict[str, float | int | str | bool]
    target_power: float
    n_studies: int
    seed: int
    confidence_level: float
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Return one row a term and number of participants."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return the number of participants that suffices, one row."""
        return pd.DataFrame(
            {
                "studies": [self.n_studies],
                "target_power": [self.target_power],
                "sufficient": [self.sufficient],
                "closed_form": [self.closed_form],
            }
        )

    def closed_form_check(self) -> pd.DataFrame:
        """Return power for the condition in closed form beside the simulated one.

        A t test with the mean effect over its standard deviation in the simulated studies as
        noncentrality and their mean degrees of freedom; one row a number of participants.
        """
        rows = self.estimates[self.estimates["term"] == "condition"]
        powers = [
            noncentral_power(shift, df, confidence_level=self.confidence_level)
            for shift, df in zip(
                rows["mean_effect"] / rows["sd_effect"], rows["mean_df"], strict=True
            )
        ]
        return pd.DataFrame(
            {
                "participants": rows["participants"].to_numpy(),
                "simulated": rows["estimate"].to_numpy(),
                "closed_form": powers,
            }
        )

    def participants_in_closed_form(self) -> int | None:
        """Return the even number of participants with the power wanted, in closed form.

        From the largest study tried, noncentrality growing with the root of the participants
        and degrees of freedom in proportion; None where no effect was seen.
        """
        rows = self.estimates[self.estimates["term"] == "condition"]
        last = rows.sort_values("participants").iloc[-1]
        shift = abs(last["mean_effect"]) / last["sd_effect"]
        if not shift > 0.1:  # an effect within the noise of the simulation
            return None

        def lacking(factor: float) -> float:
            power = noncentral_power(
                shift * np.sqrt(factor),
                max(1.0, last["mean_df"] * factor),
                confidence_level=self.confidence_level,
            )
            return power - self.target_power

        high = 1.0
        while lacking(high) < 0:
            high *= 2
        factor = float(brentq(lacking, 1e-6, high)) if lacking(1e-6) < 0 else 0.0
        return max(4, 2 * int(np.ceil(factor * last["participants"] / 2)))


def plan_peak_end(
    design: PeakEndDesign,
    *,
    participants: Sequence[int] = (),
    n_studies: int = 1000,
    target_power: float = 0.8,
    confidence_level: float = 0.95,
    seed: int = 20260101,
    progress: Callable[[int, int], None] | None = None,
) -> PeakEndPowerResult:
    """Simulate a planned study many times and analyse every one as the real one.

    Each study is drawn from the design (moments with AR(1) noise, people, rounding, drop-out),
    turned into peak and end, and analysed by two mixed models with a random intercept of the
    participant, REML and Satterthwaite's degrees of freedom: memory on condition, and memory on
    peak and end. With one episode a person both are ordinary regressions.

    Parameters
    ----------
    design : PeakEndDesign
    participants : sequence of int
        Numbers of participants to try; the design's own by default.
    n_studies : int
        Simulated studies for each number, 10 or more.
    target_power : float
        Between 0 and 1.
    confidence_level : float
        A test rejects below ``1 − confidence_level``.
    seed : int
    progress : callable, optional
        Called with studies done and studies in all.

    Returns
    -------
    PeakEndPowerResult

    Raises
    ------
    CxError
        An option is not allowed.

    Notes
    -----
    Each study's analysis agrees with R's ``lmerTest::lmer(memory ~ condition + (1 | id))``.

    References
    ----------
    Green, P., & MacLeod, C. J. (2016). SIMR: power analysis for generalized linear mixed models
    by simulation. Methods in Ecology and Evolution 7, 493–498.
    https://doi.org/10.1111/2041-210X.12504

    Examples
    --------
    >>> design = PeakEndDesign(participants=20, episodes=2, moments=6, end_effect=3)
    >>> plan = plan_peak_end(design, n_studies=40)
    >>> plan.estimates["term"].tolist()
    ['condition', 'peak', 'end']
    """
    check_count("n_studies", n_studies, at_least=10)
    check_fraction("target_power", target_power)
    check_fraction("confidence_level", confidence_level)
    sizes = list(participants) or [design.participants]
    designs = [replace(design, participants=size) for size in sorted(set(sizes))]
    tables = []
    for number, one in enumerate(designs):
        fits = _simulate(one, n_studies, seed, number, len(designs), progress)
        tables.append(_table(one, fits, 1 - confidence_level))
    estimates = in_tidy_order(pd.concat(tables, ignore_index=True))
    condition = estimates[estimates["term"] == "condition"]
    enough = condition.loc[condition["estimate"] >= target_power, "participants"]
    return PeakEndPowerResult(
        estimates=estimates,
        sufficient=float(enough.min()) if len(enough) else float("nan"),
        closed_form=_closed_form(designs[-1], condition, confidence_level),
        design=asdict(designs[-1]),
        target_power=target_power,
        n_studies=n_studies,
        seed=seed,
        confidence_level=confidence_level,
        notes=("power_from_beliefs",),
    )


def _chunks(design: PeakEndDesign, n_studies: int) -> Iterator[int]:
    cells = design.participants * design.episodes * design.moments
    size = max(1, _CELLS // cells)
    for start in range(0, n_studies, size):
        yield min(size, n_studies - start)


def _simulate(
    design: PeakEndDesign,
    n_studies: int,
    seed: int,
    number: int,
    designs: int,
    progress: Callable[[int, int], None] | None,
) -> tuple[BatchFit, BatchFit]:
    """Return the fits of memory on condition, and of memory on peak and end."""
    rng = np.random.default_rng([seed, number])
    fits: list[tuple[BatchFit, BatchFit]] = []
    done = number * n_studies
    for size in _chunks(design, n_studies):
        fits.append(analyse_draws(design, draw_studies(design, size, rng)))
        done += size
        if progress is not None:
            progress(done, designs * n_studies)
    return _joined([pair[0] for pair in fits]), _joined([pair[1] for pair in fits])


def analyse_draws(design: PeakEndDesign, drawn: Draws) -> tuple[BatchFit, BatchFit]:
    """Analyse drawn studies; episodes whose end was not rated are left out, as in real ones."""
    there = np.isfinite(drawn.memory)
    memory = np.where(there, drawn.memory, 0.0)
    condition = np.broadcast_to(design.treated(), memory.shape)[..., None].astype(float)
    features = np.stack([drawn.ratings.max(axis=-1), drawn.ratings[..., -1]], axis=-1)
    fit = _ordinary if design.episodes == 1 else fit_random_intercepts
    return fit(memory, condition, there), fit(memory, features, there)


def _ordinary(y: FloatArray, x: FloatArray, there: np.ndarray) -> BatchFit:
    """Fit ordinary regressions: with one episode a person there is no person to tell apart."""
    rows = []
    for study in range(len(y)):
        kept = there[study].ravel()
        design = np.column_stack([np.ones(kept.sum()), x[study].reshape(kept.size, -1)[kept]])
        ols = least_squares(design, y[study].ravel()[kept])
        error = np.sqrt(np.diag(ols.covariance()))[1:]
        rows.append((ols.beta[1:], error, np.full(len(error), float(ols.df)), ols.rss / ols.df))
    estimate, error, df = (np.array([row[k] for row in rows]) for k in range(3))
    return BatchFit(
        estimate=estimate,
        std_error=error,
        df=df,
        p_value=2 * special.stdtr(df, -np.abs(estimate / error)),
        ratio=np.zeros(len(y)),
        sigma2=np.array([row[3] for row in rows]),
    )


def _joined(fits: list[BatchFit]) -> BatchFit:
    names = ("estimate", "std_error", "df", "p_value", "ratio", "sigma2")
    return BatchFit(**{n: np.concatenate([getattr(fit, n) for fit in fits]) for n in names})


def _table(
    design: PeakEndDesign, fits: tuple[BatchFit, BatchFit], error_rate: float
) -> pd.DataFrame:
    rows = []
    for term, fit, column in (
        ("condition", fits[0], 0),
        ("peak", fits[1], 0),
        ("end", fits[1], 1),
    ):
        found = fit.p_value[:, column] < error_rate
        power = float(found.mean())
        low, high = wilson_interval(int(found.sum()), len(found))
        rows.append(
            {
                "term": term,
                "group": str(design.participants),
                "estimate": power,
                "std_error": float(np.sqrt(power * (1 - power) / len(found))),
                "conf_low": low,
                "conf_high": high,
                "n": float(len(found)),
                "participants": design.participants,
                "mean_effect": float(fit.estimate[:, column].mean()),
                "sd_effect": float(fit.estimate[:, column].std(ddof=1)),
                "mean_std_error": float(fit.std_error[:, column].mean()),
                "mean_df": float(fit.df[:, column].mean()),
                "vanished": float((fit.ratio == 0).mean()),
            }
        )
    return pd.DataFrame(rows)


def _closed_form(
    design: PeakEndDesign, condition: pd.DataFrame, confidence_level: float
) -> float:
    if design.episodes > 1 or design.dropout > 0:
        return float("nan")
    row = condition.iloc[-1]
    n = design.participants / 2
    d = row["mean_effect"] / (row["sd_effect"] * np.sqrt(n / 2))
    return t_test_power(float(d), n, confidence_level=confidence_level)
