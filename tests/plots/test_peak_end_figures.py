from __future__ import annotations

import dataclasses
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError
from cxresearch.peak_end import compare_conditions, episode_features
from cxresearch.peak_end.course import mean_course
from cxresearch.plots import (
    plot_conditions,
    plot_memory_models,
    plot_peak_end_surface,
    plot_sensitivity,
    plot_trajectories,
)
from cxresearch.plots._measure import text_width
from cxresearch.shown import Figure

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    "$\\frac{1}{2}$ and {braces} %s {0.__class__}",
    "مرحبا بكم في الفرع (رقم 5)",
    "tab\tnew\nline\x00\u202eoverride",
    "お客様の個人情報を安全に保護しているかどうかを確認する「確認」ボタンがわかりやすい",
    "word " * 60,
    "x" * 300,
]


def load(name: str) -> ModuleType:
    path = Path(__file__).resolve().parents[1] / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made() -> ModuleType:
    return load("peak_end_results")


def every_figure(made: ModuleType, **options: object) -> list[Figure]:
    moments, episodes = made.visits()
    arms = made.arms({"plain": 0.0, "warm": 0.8, "cold": 0.1}, covariate=True)
    return [
        plot_trajectories(moments, made.features(), **options),
        plot_trajectories(moments, made.features(), episodes=episodes, by="close", **options),
        plot_memory_models(made.models(), **options),
        plot_conditions(arms, **options),
        plot_conditions(made.mixed(), **options),
        plot_conditions(made.crossed(), **options),
        plot_peak_end_surface(made.table(), retrospective="memory", **options),
        plot_sensitivity(made.sensitivity(), **options),
    ]


@pytest.fixture(scope="module")
def figures(made: ModuleType) -> list[Figure]:
    return every_figure(made)


@pytest.fixture(scope="module")
def hostile() -> list[Figure]:
    rng = np.random.default_rng(4)
    arm = np.repeat(HOSTILE, 5)
    people = pd.DataFrame({"arm": arm, "memory": rng.normal(6, 1, len(arm))})
    found = compare_conditions(people, outcome="memory", condition="arm", control=HOSTILE[0])
    rows = [
        {"person": i, "visit": 1, "time": t, "rating": float(rng.integers(0, 11))}
        for i in range(len(HOSTILE) * 2)
        for t in range(4)
    ]
    moments = pd.DataFrame(rows)
    features = episode_features(
        moments, participant="person", episode="visit", time="time", rating="rating"
    )
    episodes = pd.DataFrame({"person": range(len(HOSTILE) * 2), "visit": 1, "<b>": HOSTILE * 2})
    return [
        plot_conditions(found, labels={"memory": HOSTILE[0] + HOSTILE[5]}),
        plot_conditions(found, labels={"memory": HOSTILE[2]}, language="es"),
        plot_trajectories(moments, features, episodes=episodes, by="<b>"),
    ]


def pictures(figure: Figure) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(source) for source in (figure.svg, figure.svg_narrow)]


def texts(root: ElementTree.Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


def boxes(root: ElementTree.Element) -> list[tuple[float, float, float, float, str]]:
    """Left, right, top, bottom and text of every line, in a font of usual width."""
    found = []
    for node in root.iter(f"{SVG}text"):
        style, x, y = node.get("style"), float(node.get("x")), float(node.get("y"))
        size = float(re.search(r"font-size: ([\d.]+)px", style).group(1))
        room = 0.9 * text_width(node.text or "", size, bold="font-weight" in style)
        anchor = re.search(r"text-anchor: (\w+)", style)
        shift = {"end": 1.0, "middle": 0.5}.get(anchor.group(1) if anchor else "", 0.0)
        left = x - shift * room
        found.append((left, left + room, y - 0.75 * size, y + 0.2 * size, node.text or ""))
    return found


def test_every_figure_has_two_layouts_a_caption_and_an_alternative_text(
    figures: list[Figure],
) -> None:
    for figure in figures:
        wide, narrow = pictures(figure)
        assert wide.get("viewBox").split()[:3] == ["0", "0", "720"]
        assert narrow.get("viewBox").split()[:3] == ["0", "0", "360"]
        assert figure.caption
        assert 60 < len(figure.alt_text) <= 500
        assert [root.get("aria-label") for root in (wide, narrow)] == [figure.alt_text] * 2
        assert re.fullmatch(r"[a-z0-9_]+", figure.name)
    assert len({figure.name for figure in figures}) == len(figures)


def test_the_same_result_gives_the_same_bytes_whatever_the_notebook_has_set(
    made: ModuleType, figures: list[Figure]
) -> None:
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path"}):
        again = every_figure(made)
    assert [f.svg for f in again] == [f.svg for f in figures]
    assert [f.svg_narrow for f in again] == [f.svg_narrow for f in figures]


def test_every_colour_is_a_variable_and_ids_differ(figures: list[Figure]) -> None:
    ids = []
    for figure in figures:
        for source, root in zip((figure.svg, figure.svg_narrow), pictures(figure), strict=True):
            plain = re.sub(r"var\(--[a-z]+, #[0-9a-f]{6}\)", "", source)
            assert not re.findall(r"#[0-9a-fA-F]{6}\b", plain)
            ids += [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))


def test_texts_stay_inside_and_do_not_run_into_each_other(
    figures: list[Figure], hostile: list[Figure]
) -> None:
    for figure in [*figures, *hostile]:
        for root in pictures(figure):
            _, _, width, height = (float(n) for n in root.get("viewBox").split())
            placed = boxes(root)
            for i, one in enumerate(placed):
                assert one[0] >= -1, (figure.name, one)
                assert one[1] <= width + 1, (figure.name, one)
                assert one[3] <= height + 3, (figure.name, one)
                for other in placed[i + 1 :]:
                    beside = one[1] <= other[0] or other[1] <= one[0]
                    below = one[3] <= other[2] or other[3] <= one[2]
                    assert beside or below, (figure.name, one, other)


def test_no_text_is_too_small_for_a_phone(figures: list[Figure]) -> None:
    for figure in figures:
        for root, least in zip(pictures(figure), (13.0, 13.5), strict=True):
            for node in root.iter(f"{SVG}text"):
                size = re.search(r"font-size: ([\d.]+)px", node.get("style"))
                assert float(size.group(1)) >= least


def test_hostile_text_is_shown_and_not_run(hostile: list[Figure]) -> None:
    for figure in hostile:
        for source in (figure.svg, figure.svg_narrow):
            assert "<script" not in source
            assert "\u202e" not in source
    assert any("<script>" in text for text in texts(pictures(hostile[0])[0]))


def test_the_best_rule_comes_first_and_the_average_stands_at_zero(made: ModuleType) -> None:
    figure = plot_memory_models(made.models())
    shown = texts(pictures(figure)[0])
    errors = [float(t) for t in shown if re.fullmatch(r"\d\.\d\d", t)]
    assert errors == sorted(errors)
    assert len(errors) == 12
    assert "the average itself" in shown
    error = made.models().models.set_index("term").loc["peak_plus_end", "cv_rmse"]
    assert f"Peak and end: error {error:.2f}, gain +" in figure.alt_text


def test_a_rule_that_cannot_be_compared_is_named_and_not_drawn(made: ModuleType) -> None:
    models = made.models().models.copy()
    gone = models["term"] == "trough"
    models.loc[gone, ["cv_rmse", "cv_gain", "cv_gain_se"]] = np.nan
    figure = plot_memory_models(dataclasses.replace(made.models(), models=models))
    assert "does not vary: cannot be compared" in figure.svg
    assert "Least intense moment" in figure.svg


def test_means_and_differences_stand_one_below_the_other(made: ModuleType) -> None:
    arms = made.arms({"plain": 0.0, "warm": 0.8})
    figure = plot_conditions(arms, labels={"arm[warm]": "A friendly close"})
    shown = texts(pictures(figure)[0])
    assert shown.index("The remembered rating in each condition") < shown.index(
        "Differences between the conditions"
    )
    assert "A friendly close" in shown
    gap = arms.estimates.iloc[0]["estimate"]
    assert f"+{gap:.2f}" in shown
    assert f"A friendly close − plain +{gap:.2f}" in figure.alt_text
    assert figure.caption.startswith("Differences as observed")


def test_covariates_make_the_adjusted_difference_the_one_that_is_drawn(
    made: ModuleType,
) -> None:
    arms = made.arms({"plain": 0.0, "warm": 0.8}, covariate=True)
    rows = arms.estimates.set_index("term")["estimate"]
    assert f"+{rows['lin']:.2f}" in plot_conditions(arms).alt_text
    assert f"+{rows['welch']:.2f}" in plot_conditions(arms, method="welch").alt_text
    with pytest.raises(CxError, match="method must be one of 'welch', 'pooled', 'ancova'"):
        plot_conditions(arms, method="anova")


def test_what_has_no_interval_is_named_and_not_drawn(made: ModuleType) -> None:
    found = made.arms({"plain": 0.0, "warm": 0.8})
    bare = found.estimates.assign(conf_low=np.nan, conf_high=np.nan)
    figure = plot_conditions(dataclasses.replace(found, estimates=bare))
    assert "ratings that do not vary: no interval" in figure.svg


def test_two_people_with_few_episodes_do_not_stretch_the_axis(made: ModuleType) -> None:
    moments = made.visits()[0]
    few = moments[moments["person"] < 2]
    shown = texts(pictures(plot_trajectories(few, made.features()))[0])
    assert all(0 <= int(t) <= 10 for t in shown if re.fullmatch(r"[−\d]+", t))


def test_a_mixed_model_that_compared_nothing_is_refused(made: ModuleType) -> None:
    bare = dataclasses.replace(made.mixed(), contrasts=made.mixed().contrasts.iloc[:0])
    with pytest.raises(CxError, match="compared no column; fit it with compare"):
        plot_conditions(bare)


def test_the_course_is_the_mean_over_people_and_ends_are_marked(made: ModuleType) -> None:
    moments, features = made.visits()[0], made.features()
    course = mean_course(moments, features)
    first = moments.sort_values("time").groupby(["person", "visit"])["rating"].first()
    assert course.mean["estimate"].iloc[0] == pytest.approx(
        first.groupby("person").mean().mean()
    )
    assert course.n == 120
    figure = plot_trajectories(moments, features)
    mean = course.mean["estimate"]
    assert f"Mean {mean.iloc[0]:.2f} at the start" in figure.alt_text
    assert "30 of them are drawn singly" in figure.caption
    for source in (figure.svg, figure.svg_narrow):
        assert "peaks: mean height and place" in source


def test_each_condition_has_its_panel_in_the_order_of_its_categories(made: ModuleType) -> None:
    moments, episodes = made.visits()
    ordered = episodes.assign(
        close=pd.Categorical(episodes["close"], categories=["warm", "plain"])
    )
    labels = {"warm": "Warm close", "plain": "Plain close"}
    figure = plot_trajectories(
        moments, made.features(), episodes=ordered, by="close", labels=labels
    )
    shown = texts(pictures(figure)[0])
    assert shown.index("Warm close") < shown.index("Plain close")
    with pytest.raises(CxError, match="by='close' needs episodes"):
        plot_trajectories(moments, made.features(), by="close")
    with pytest.raises(CxError, match="clos"):
        plot_trajectories(moments, made.features(), episodes=episodes, by="clos")


def test_episodes_without_an_end_are_left_out_and_counted() -> None:
    moments = pd.DataFrame(
        {
            "person": [1, 1, 2, 2, 3],
            "visit": 1,
            "time": [0, 1, 0, 1, 0],
            "rating": [4.0, 6.0, 5.0, np.nan, 7.0],
        }
    )
    features = episode_features(
        moments, participant="person", episode="visit", time="time", rating="rating"
    )
    figure = plot_trajectories(moments, features)
    assert "2 episodes are left out" in figure.caption
    assert "Ratings of 1 episode" in figure.alt_text
    lost = moments[moments["person"] > 1]
    nothing = plot_trajectories(lost, features)
    assert "Nothing to draw" in nothing.svg


def test_peaks_on_both_sides_of_neutral_are_not_averaged(made: ModuleType) -> None:
    moments = made.visits()[0].assign(rating=lambda table: table["rating"] - 5)
    features = episode_features(
        moments, participant="person", episode="visit", time="time", rating="rating",
        direction="bipolar", neutral=0.0,
    )  # fmt: skip
    peaks = features.features["peak"]
    figure = plot_trajectories(moments, features)
    for side in (peaks[peaks >= 0], peaks[peaks < 0]):
        assert f"{side.mean():.2f} on average".replace("-", "−") in figure.alt_text
    assert "peaks above and below neutral" in figure.svg
    assert "the rating farthest from neutral" in figure.caption


def test_single_episodes_can_be_left_undrawn(made: ModuleType) -> None:
    moments, features = made.visits()[0], made.features()
    bare = plot_trajectories(moments, features, shown=0)
    assert len(bare.svg) < len(plot_trajectories(moments, features).svg) / 2
    assert "drawn singly" not in bare.caption


def test_cells_of_the_surface_hold_mean_and_count(made: ModuleType) -> None:
    table = pd.DataFrame(
        {
            "peak": [6.0] * 3 + [8.0] * 3 + [8.0],
            "end": [3.0] * 3 + [7.0] * 3 + [3.0],
            "memory": [4.0, 5.0, 6.0, 8.0, 8.0, 8.0, 5.0],
        }
    )
    figure = plot_peak_end_surface(table, retrospective="memory")
    shown = texts(pictures(figure)[0])
    assert {"5.0", "n 3", "8.0", "n 1"} <= set(shown)
    assert "show only their number" in figure.caption
    assert "7 episodes in 3 cells" in figure.alt_text
    with pytest.raises(CxError, match="column 'memory' must be numeric"):
        plot_peak_end_surface(table.assign(memory="x"), retrospective="memory")


def test_a_surface_without_episodes_says_so() -> None:
    nothing = pd.DataFrame({"peak": [np.nan], "end": [1.0], "memory": [2.0]})
    assert "Nothing to draw" in plot_peak_end_surface(nothing, retrospective="memory").svg
    alike = pd.DataFrame({"peak": [5.0] * 4, "end": [5.0] * 4, "memory": [5.0] * 4})
    assert "n 4" in plot_peak_end_surface(alike, retrospective="memory").svg


def test_every_pair_of_rules_and_the_averages_are_drawn(made: ModuleType) -> None:
    shown = texts(pictures(plot_sensitivity(made.sensitivity()))[0])
    assert sum(text == "last moment" for text in shown) == 3
    assert "For comparison" in shown
    assert "Average over time" in shown


def test_correlations_without_an_interval_are_drawn_bare(made: ModuleType) -> None:
    estimates = made.sensitivity().estimates.assign(conf_low=np.nan, conf_high=np.nan)
    figure = plot_sensitivity(dataclasses.replace(made.sensitivity(), estimates=estimates))
    assert figure.svg


def test_words_follow_the_language(made: ModuleType) -> None:
    for figure in every_figure(made, language="es"):
        for source in (figure.svg, figure.alt_text, figure.caption):
            assert not re.search(r"\b(the|mean of|better than)\b", source)
