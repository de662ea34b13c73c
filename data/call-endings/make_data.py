"""Make moments.csv, episodes.csv and the lock of the plan: a synthetic experiment (README.md).

Run ``python make_data.py`` inside this folder; the seed is fixed, so the files never change.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20260921
CALLERS = 200

# Feelings during the call from −5 to 5, around a level; the friendly close lifts the last one.
LEVEL, CALL_SD, MOMENT_SD, AUTOCORRELATION = 0.6, 0.9, 1.3, 0.4
LIFT_OF_THE_END, WEIGHT_OF_THE_END = 1.6, 0.5
EFFECT = LIFT_OF_THE_END * WEIGHT_OF_THE_END
"""What the friendly close adds to the remembered rating, 1 to 10: 0.8."""
WEIGHT_OF_THE_PEAK, WEIGHT_OF_THE_MOOD = 0.15, 0.35
MEMORY_LEVEL, MEMORY_SD = 5.0, 0.8
CHOICE_SLOPE, CHOICE_MIDDLE = 0.8, 5.4

HUNG_UP, SILENT, REPEATED_ROWS, MISSING_SHARE = 10, 4, 3, 0.03
START = pd.Timestamp("2026-09-21 09:00:00")

# The plan was locked before the calls, and amended once, after the export had been seen.
LOCKED = datetime(2026, 9, 7, 9, 0, tzinfo=UTC)
AMENDED = datetime(2026, 10, 5, 14, 30, tzinfo=UTC)
AMENDMENT = "\nexclude:\n  - duplicated: call\n"
REASON = "The export holds three calls twice; the first row of each is kept."


def draw_feelings(rng: np.random.Generator, level: float, count: int) -> np.ndarray:
    """Draw the feelings at the moments of one call, unrounded."""
    noise = np.empty(count)
    noise[0] = rng.normal()
    for k in range(1, count):
        rest = np.sqrt(1 - AUTOCORRELATION**2) * rng.normal()
        noise[k] = AUTOCORRELATION * noise[k - 1] + rest
    return level + MOMENT_SD * noise


def draw_call(rng: np.random.Generator, *, friendly: bool) -> dict[str, object]:
    """Draw one call: mood before, moments, memory and choice."""
    mood = rng.normal(6.0, 1.6)
    count = int(rng.integers(7, 12))
    length = int(rng.integers(150, 600))
    inner = np.sort(rng.choice(np.arange(15, length - 10), size=count - 2, replace=False))
    level = LEVEL + 0.25 * (mood - 6.0) + CALL_SD * rng.normal()
    felt = draw_feelings(rng, level, count)
    farthest = felt[:-1][np.abs(felt[:-1]).argmax()]
    felt[-1] += LIFT_OF_THE_END * friendly
    remembered = (
        MEMORY_LEVEL
        + WEIGHT_OF_THE_END * felt[-1]
        + WEIGHT_OF_THE_PEAK * farthest
        + WEIGHT_OF_THE_MOOD * (mood - 6.0)
        + MEMORY_SD * rng.normal()
    )
    again = rng.random() < 1 / (1 + np.exp(-CHOICE_SLOPE * (remembered - CHOICE_MIDDLE)))
    return {
        "seconds": [0, *inner, length],
        "felt": np.clip(np.round(felt), -5, 5),
        "length": length,
        "mood_before": int(np.clip(np.round(mood), 1, 10)),
        "calls_before": int(rng.poisson(1.4)),
        "remembered": float(np.clip(np.round(remembered), 1, 10)),
        "again": int(again),
    }


def make_genuine(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw all calls; the close was drawn in blocks of four."""
    blocks = [rng.permutation([0, 0, 1, 1]) for _ in range(CALLERS // 4)]
    moments, episodes = [], []
    for number, friendly in enumerate(np.concatenate(blocks)):
        call = draw_call(rng, friendly=bool(friendly))
        key = {"caller": f"C{3001 + number}", "call": f"K{number + 1:03d}"}
        begun = START + pd.Timedelta(minutes=7 * number)
        clock = [begun + pd.Timedelta(seconds=int(second)) for second in call.pop("seconds")]
        moments.append(pd.DataFrame({**key, "at": clock, "feeling": call.pop("felt")}))
        episodes.append({**key, "close": int(friendly), **call})
    return pd.concat(moments, ignore_index=True), pd.DataFrame(episodes)


def spoil(
    rng: np.random.Generator, moments: pd.DataFrame, episodes: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add callers who hung up before the close, unanswered questions and double rows."""
    drawn = rng.permutation(len(episodes))
    hung_up, silent = drawn[:HUNG_UP], drawn[HUNG_UP : HUNG_UP + SILENT]
    number = moments.groupby("call", sort=False).ngroup()
    last = ~moments.duplicated("call", keep="last")
    first = ~moments.duplicated("call")
    gaps = (rng.random(len(moments)) < MISSING_SHARE) & ~last & ~first
    moments = moments.assign(feeling=moments["feeling"].mask(gaps))
    moments = moments[~(number.isin(hung_up) & last)]
    episodes = episodes.assign(finished=~episodes.index.isin(hung_up))
    nothing = episodes.index.isin([*hung_up, *silent])
    episodes.loc[nothing, "remembered"] = np.nan
    episodes["again"] = episodes["again"].astype(float).mask(nothing)
    twice = np.sort(rng.choice(len(episodes), REPEATED_ROWS, replace=False))
    episodes = pd.concat([episodes, episodes.iloc[twice]], ignore_index=True)
    episodes["finished"] = np.where(episodes["finished"], "yes", "no")
    return moments, episodes


def make_tables(seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Make both files."""
    rng = np.random.default_rng(seed)
    moments, episodes = spoil(rng, *make_genuine(rng))
    episodes["phone"] = [f"+44 20 7946 {k:04d}" for k in rng.integers(0, 10000, len(episodes))]
    return {"moments": moments, "episodes": episodes}


def to_csv(table: pd.DataFrame) -> str:
    """Return a table as text, whole numbers as such."""
    return str(table.to_csv(index=False, lineterminator="\n", float_format="%g"))


def make_lock(plan: str, tables: dict[str, str]) -> str:
    """Return the lock: the plan without its amendment before the data, then as it is now."""
    there = {f"{name}.csv": sha256(text.encode()).hexdigest() for name, text in tables.items()}
    planned = plan.replace(AMENDMENT, "\nexclude: []\n")
    versions = [
        _version(planned, LOCKED, {}, ""),
        _version(plan, AMENDED, there, REASON),
    ]
    lock = {"schema": 1, "versions": versions, "assignments": []}
    return json.dumps(lock, indent=2, ensure_ascii=False) + "\n"


def _version(text: str, when: datetime, data: dict[str, str], reason: str) -> dict[str, object]:
    return {
        "sha256": sha256(text.encode()).hexdigest(),
        "locked": when.isoformat(timespec="seconds"),
        "text": text,
        "data": data,
        "reason": reason,
    }


if __name__ == "__main__":
    here = Path(__file__).parent
    written = {name: to_csv(made) for name, made in make_tables().items()}
    for name, text in written.items():
        (here / f"{name}.csv").write_text(text, encoding="utf-8")
    plan = (here / "analysis-plan.yaml").read_text(encoding="utf-8")
    (here / "analysis-plan.lock.json").write_text(make_lock(plan, written), encoding="utf-8")
