"""Faults of our dependencies that the package works around.

Each test fails when the library is repaired: then the work-around named in it can go.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml


def test_pyyaml_reads_an_unquoted_yes_as_true() -> None:
    """Codebook and study files refuse labels that are not text (`_yaml`, `codebook.file`)."""
    assert yaml.safe_load("{1: Yes, 2: No}") == {1: True, 2: False}


def test_json_turns_number_keys_into_text() -> None:
    """Codes and labels are kept as pairs (`codebook.model.Code`)."""
    assert json.loads(json.dumps({1: "Strongly disagree"})) == {"1": "Strongly disagree"}


def test_papermill_turns_unknown_types_into_text() -> None:
    """`runs.parameters` lets plain values of the declared type through, nothing else."""
    from papermill.translators import PythonTranslator

    assert PythonTranslator.translate(np.int64(5)) == '"5"'
    assert PythonTranslator.translate(Path("a")) == '"a"'


def test_papermill_does_not_check_parameter_names() -> None:
    """`runs.parameters` refuses names the template does not declare."""
    from papermill.translators import PythonTranslator

    source = PythonTranslator.codify({"x = 1\nimport os #": 3})
    assert "import os" in source


@pytest.mark.filterwarnings("ignore::Warning")
def test_pingouin_takes_n_before_it_drops_incomplete_respondents() -> None:
    """`psychometrics.reliability` computes alpha and its interval itself."""
    import pingouin

    rng = np.random.default_rng(1)
    answers = pd.DataFrame(rng.normal(size=(12, 3)) + rng.normal(size=(12, 1)))
    answers.iloc[:3, 0] = np.nan
    _, with_gaps = pingouin.cronbach_alpha(answers, nan_policy="listwise")
    _, complete = pingouin.cronbach_alpha(answers.dropna())
    assert not np.allclose(with_gaps, complete)


def test_factor_analyzer_uses_an_argument_that_scikit_learn_removed_in_1_8() -> None:
    """pyproject.toml keeps scikit-learn below 1.8."""
    from factor_analyzer import factor_analyzer

    assert "force_all_finite" in inspect.getsource(factor_analyzer)


def test_statsmodels_reports_increments_of_thresholds_on_a_log_scale() -> None:
    """`drivers._model_fits` fits the cumulative logit itself."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 1))
    y = np.digitize(x[:, 0] + rng.logistic(size=400), [-1.0, 1.0])
    found = OrderedModel(y, x, distr="logit").fit(disp=False)
    thresholds = found.model.transform_threshold_params(found.params)[1:-1]
    assert abs(found.params[-1] - thresholds[-1]) > 0.1


def test_statsmodels_tests_mixed_models_against_the_normal_distribution() -> None:
    """`_mixed` has Satterthwaite degrees of freedom instead."""
    from scipy.stats import norm
    from statsmodels.regression.mixed_linear_model import MixedLM

    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(6), 5)
    y = rng.normal(size=6)[person] + rng.normal(size=30)
    found = MixedLM(y, np.ones((30, 1)), groups=person).fit()
    assert found.pvalues[0] == pytest.approx(2 * norm.sf(abs(found.tvalues[0])), rel=1e-9)


def test_pingouin_loses_the_sign_of_a_paired_effect_size() -> None:
    """`_effects` computes d_z and d_av itself."""
    import pingouin

    low, high = [1.0, 2.0, 3.0, 2.0, 1.5], [2.0, 4.0, 3.5, 3.0, 3.5]
    found = pingouin.ttest(low, high, paired=True)
    assert found["T"].iloc[0] < 0
    assert found["cohen_d"].iloc[0] > 0
