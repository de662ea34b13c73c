"""A study whose dimensions cannot be set apart gets a reason, not an error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxresearch.codebook.model import Battery, Codebook, Item, ResponseScale, Scale
from cxresearch.psychometrics import study_distinctness
from cxresearch.responses.model import Flow, Responses
from cxresearch.results import Result


def responses(n: int, *, scales: int = 2, constant: bool = False) -> Responses:
    items = [Item(key=k, text=f"Question {k}") for k in range(1, 3 * scales + 1)]
    battery = Battery(
        name="service",
        scale=ResponseScale(name="agree7", low=1, high=7),
        parts={"perception": "P{item}"},
        scales=tuple(
            Scale(name=f"d{k}", label=f"D{k}", items=tuple(items[3 * k : 3 * k + 3]))
            for k in range(scales)
        ),
    )
    rng = np.random.default_rng(1)
    halo = rng.normal(size=(n, 1)) + rng.normal(size=(n, len(items)))
    frame = pd.DataFrame(np.clip(np.round(4 + halo), 1, 7))
    frame.columns = [f"P{item.key}" for item in items]
    if constant:
        frame["P2"] = 5.0
    return Responses(
        codebook=Codebook(survey="Desk", batteries=(battery,)),
        frame=frame,
        missing=frame.isna().replace({True: "empty", False: ""}),
        quality=pd.DataFrame(),
        flow=Flow(read=n, steps=()),
        sources=(),
    )


@pytest.mark.parametrize(
    ("asked", "reason"),
    [(responses(5), "few_respondents:5"), (responses(150, constant=True), "constant")],
)
def test_what_stands_in_the_way_is_the_reason(asked: Responses, reason: str) -> None:
    found = study_distinctness(asked)
    assert found is not None
    assert (found.verdict, found.reasons, len(found.tidy())) == ("unclear", (reason,), 0)
    again = Result.from_dict(found.to_dict())
    assert again.reasons == found.reasons


def test_one_dimension_leaves_nothing_to_tell_apart() -> None:
    assert study_distinctness(responses(60, scales=1)) is None


def test_dimensions_that_can_be_asked_about_get_their_verdict() -> None:
    found = study_distinctness(responses(150))
    assert found is not None
    assert len(found.estimates) == 1
