from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.codebook import Code, Codebook, load_codebook
from cxresearch.errors import ResponseError, StudyError
from cxresearch.responses.model import Source
from cxresearch.scaffold import init_workspace, new_study, propose_codebook
from cxresearch.study import list_studies, load_study

# Simulated SERVQUAL answers: 22 items, five importance columns, segment, weight, outcome.
SERVQUAL = Path(__file__).parent / "reference" / "data" / "servqual.csv"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return init_workspace(tmp_path / "work")


def table(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series(cells, dtype=object) for name, cells in columns.items()}
    )


def proposed(
    frame: pd.DataFrame, tmp_path: Path, *, method: str = "servqual", **about: object
) -> Codebook:
    source = Source(
        file="export.csv", sha256="", rows=len(frame), columns=frame.shape[1], format="csv",
        **about,  # type: ignore[arg-type]
    )  # fmt: skip
    path = tmp_path / "codebook.yaml"
    path.write_text(propose_codebook(frame, source, method=method), encoding="utf-8")
    return load_codebook(path)


def ratings(rows: int, *, low: int = 1, high: int = 7, seed: int = 1) -> list[object]:
    return [str(x) for x in np.random.default_rng(seed).integers(low, high + 1, rows)]


def roles(codebook: Codebook) -> dict[str, str]:
    return {column.column: column.role for column in codebook.columns}


# --- a whole study -------------------------------------------------------------------------


def test_a_study_made_from_answers_loads_and_its_answers_are_valid(workspace: Path) -> None:
    folder = new_study(workspace, "bank", method="servqual", data=SERVQUAL)
    study = load_study("bank", workspace=workspace)
    responses = study.responses()
    assert (study.folder, study.method, responses.n) == (folder, "servqual", 400)
    assert study.parameters == {"segments": ["segment"]}
    assert study.data[""].read_bytes() == SERVQUAL.read_bytes()
    assert study.exclusions == ()


def test_everything_in_the_servqual_answers_is_recognised(workspace: Path) -> None:
    new_study(workspace, "bank", method="servqual", data=SERVQUAL)
    codebook = load_study("bank", workspace=workspace).codebook
    battery = codebook.find_battery()
    assert dict(battery.parts) == {"expectation": "E{item:02d}", "perception": "P{item:02d}"}
    assert (battery.scale.low, battery.scale.high) == (1, 7)
    assert battery.points == "W_{dimension}"
    assert [(s.name, s.label, [i.key for i in s.items][::3]) for s in battery.scales] == [
        ("TAN", "Tangibles", [1, 4]),
        ("REL", "Reliability", [5, 8]),
        ("RES", "Responsiveness", [10, 13]),
        ("ASS", "Assurance", [14, 17]),
        ("EMP", "Empathy", [18, 21]),
    ]
    assert roles(codebook) == {
        "id": "id", "segment": "segment", "weight": "weight", "OSAT": "outcome",
    }  # fmt: skip
    segment = codebook.find_column("segment")
    assert [code.label for code in segment.values] == ["corporate", "online", "retail"]


def test_every_guess_says_how_sure_it_is(workspace: Path) -> None:
    folder = new_study(workspace, "bank", method="servqual", data=SERVQUAL)
    lines = (folder / "codebook.yaml").read_text(encoding="utf-8").split("\n")
    guesses = [
        line for line in lines if "role:" in line or "range:" in line or "dimensions:" in line
    ]
    assert len(guesses) == 6
    assert all("  # " in line for line in guesses)
    assert any("classic assignment" in line for line in lines)


def test_a_study_without_answers_gets_the_classic_codebook_and_asks_for_them(
    workspace: Path,
) -> None:
    folder = new_study(workspace, "bank", method="servqual")
    assert len(load_codebook(folder / "codebook.yaml").find_battery().items) == 22
    with pytest.raises(StudyError, match=r"1 fault\n.*data file responses\.csv is not there"):
        load_study("bank", workspace=workspace)
    other = new_study(workspace, "hotel", method="drivers")
    assert list(load_codebook(other / "codebook.yaml").find_battery().parts) == ["rating"]


def test_a_study_is_written_whole_or_not_at_all(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("")
    with pytest.raises(ResponseError, match=r"broken\.csv"):
        new_study(workspace, "bank", method="servqual", data=broken)

    def disk_full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", disk_full)
    with pytest.raises(StudyError, match="study bank was not made: No space left on device"):
        new_study(workspace, "bank", method="servqual", data=SERVQUAL)
    assert list((workspace / "data").iterdir()) == []


def test_a_study_that_is_there_is_never_written_over(workspace: Path) -> None:
    folder = new_study(workspace, "bank", method="servqual")
    (folder / "study.yaml").write_text("mine")
    with pytest.raises(StudyError, match="study bank exists already"):
        new_study(workspace, "bank", method="servqual")
    assert (folder / "study.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    "name",
    ["", "Bank", "bank branches", "../bank", "bank/x", ".bank", "-bank", "b" * 65, "bänk"],
)
def test_odd_names_are_refused(workspace: Path, name: str) -> None:
    with pytest.raises(StudyError, match="it may hold small letters, digits, - and _"):
        new_study(workspace, name, method="servqual")
    assert list_studies(workspace) == []


def test_an_odd_name_comes_back_as_one_that_works(workspace: Path) -> None:
    with pytest.raises(StudyError, match="for example bank-branches"):
        new_study(workspace, "Bank branches!", method="servqual")


def test_an_odd_method_and_a_folder_that_is_no_workspace_are_refused(
    workspace: Path, tmp_path: Path
) -> None:
    with pytest.raises(StudyError, match=r"method '\.\./x' is not the name of a template"):
        new_study(workspace, "bank", method="../x")
    with pytest.raises(StudyError, match="is no workspace: it has no folder data/"):
        new_study(tmp_path / "nowhere", "bank", method="servqual")


def test_a_study_file_is_no_file_of_answers(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"study\.yaml is not a file of answers"):
        new_study(workspace, "bank", method="servqual", data=tmp_path / "study.yaml")


def test_a_data_file_with_an_odd_name_is_kept_under_one_that_works(
    workspace: Path, tmp_path: Path
) -> None:
    data = tmp_path / 'C:\\my "data", #1.csv'
    data.write_bytes(SERVQUAL.read_bytes())
    new_study(workspace, "bank", method="servqual", data=data)
    assert load_study("bank", workspace=workspace).responses().n == 400


def test_a_workspace_is_made_and_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    assert init_workspace(tmp_path) == tmp_path == init_workspace(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [
        ".gitignore", "README.md", "data", "reports", "templates",
    ]  # fmt: skip
    assert (tmp_path / "README.md").read_text() == "mine"
    with pytest.raises(StudyError, match=r"workspace .*README\.md"):
        init_workspace(tmp_path / "README.md")


# --- what is guessed from columns ----------------------------------------------------------


def test_pairs_without_telling_names_are_told_apart_by_their_means(tmp_path: Path) -> None:
    frame = table(
        **{f"A{i}": ratings(60, low=2, high=5, seed=i) for i in range(1, 5)},
        **{f"B{i}": ratings(60, low=4, high=7, seed=i) for i in range(1, 5)},
    )
    battery = proposed(frame, tmp_path).find_battery()
    assert dict(battery.parts) == {"expectation": "B{item}", "perception": "A{item}"}
    assert [scale.name for scale in battery.scales] == ["all_items"]
    assert "guess: expectation has the higher mean" in (tmp_path / "codebook.yaml").read_text()


@pytest.mark.parametrize(
    ("first", "second", "pattern"),
    [
        ("exp_1", "perc_1", "exp_{item}"),
        ("Q1_exp", "Q1_perc", "Q{item}_exp"),
        ("SQ_E001", "SQ_P001", "SQ_E{item:03d}"),
        ("e{1}", "p{1}", "e{{{item}}}"),
    ],
)
def test_patterns_follow_the_names_of_the_file(
    tmp_path: Path, first: str, second: str, pattern: str
) -> None:
    names = [name.replace("1", str(i)) for name in (first, second) for i in (1, 2, 3, 4)]
    frame = table(**{name: ratings(30, seed=i) for i, name in enumerate(names)})
    battery = proposed(frame, tmp_path).find_battery()
    assert battery.parts["expectation"] == pattern
    assert set(battery.columns("expectation") + battery.columns("perception")) == set(names)


def test_other_methods_get_batteries_with_one_part(tmp_path: Path) -> None:
    frame = table(**{f"{p}{i}": ratings(30, seed=i) for p in "EP" for i in range(1, 5)})
    codebook = proposed(frame, tmp_path, method="drivers")
    assert [list(battery.parts) for battery in codebook.batteries] == [["rating"], ["rating"]]


def test_codes_far_from_the_scale_are_proposed_as_non_answers(tmp_path: Path) -> None:
    cells = [*ratings(50, high=5), "98", "99", "-1"]
    frame = table(**{f"Q{i}": cells for i in range(1, 4)})
    scale = proposed(frame, tmp_path).find_battery().scale
    assert (scale.low, scale.high) == (1, 5)
    assert sorted(int(code.value) for code in scale.missing) == [-1, 98, 99]


@pytest.mark.parametrize(
    ("code", "text", "ends"),
    [
        (8, "Weiß nicht", (1, 7)),
        (8, "Don't know / no answer", (1, 7)),
        (0, "Did not use", (1, 7)),
        (8, "Absolutely", (1, 8)),
        (4, "No opinion", (1, 7)),
    ],
)
def test_a_code_whose_label_says_so_is_proposed_as_a_non_answer(
    tmp_path: Path, code: int, text: str, ends: tuple[int, int]
) -> None:
    frame = pd.DataFrame({f"Q{i}": [1.0, 2, 3, 4, 5, 6, 7, code] * 9 for i in (1, 2, 3)})
    labels = (Code(1, "Not at all"), Code(7, "Fully"), Code(code, text))
    about = {"labels": dict.fromkeys(frame, labels)}
    scale = proposed(frame, tmp_path, **about).find_battery().scale
    assert (scale.low, scale.high) == ends


def test_codes_next_to_the_scale_belong_to_it(tmp_path: Path) -> None:
    frame = table(**{f"Q{i}": [*ratings(60, high=10), "8", "9"] for i in range(1, 4)})
    scale = proposed(frame, tmp_path).find_battery().scale
    assert (scale.low, scale.high, scale.missing) == (1, 10, ())


def test_a_scale_seen_in_part_is_taken_for_the_usual_one(tmp_path: Path) -> None:
    frame = table(**{f"Q{i}": ["4", "5", "6", "7", "6"] for i in range(1, 4)})
    scale = proposed(frame, tmp_path).find_battery().scale
    assert (scale.low, scale.high) == (1, 7)


def test_agreement_written_in_words_is_put_in_order(tmp_path: Path) -> None:
    words = ["Agree", "Strongly disagree", "Neither", "Strongly agree", "Disagree"]
    frame = table(**{f"Q{i}": words * 4 for i in range(1, 4)})
    scale = proposed(frame, tmp_path).find_battery().scale
    assert [(code.value, code.label) for code in scale.anchors] == [
        (1, "Strongly disagree"), (2, "Disagree"), (3, "Neither"), (4, "Agree"),
        (5, "Strongly agree"),
    ]  # fmt: skip


def test_labels_written_with_the_codes_become_anchors(tmp_path: Path) -> None:
    cells: list[object] = ["1 - Never", "2", "3", "4", "5 – Always"] * 10
    scale = proposed(table(**{f"Q{i}": cells[i:] + cells[:i] for i in (1, 2, 3)}), tmp_path)
    assert scale.find_battery().scale.high == 5


@pytest.mark.parametrize(
    ("name", "cells", "role"),
    [
        ("contact", [f"p{i}@example.org" for i in range(40)], "personal"),
        ("origin", [f"10.0.0.{i}" for i in range(40)], "personal"),
        ("RecipientFirstName", [f"Name{i}" for i in range(40)], "personal"),
        ("reach_me", [f"+49 151 {i}2345678" for i in range(40)], "personal"),
        ("remarks", ["fine", "good"] * 20, "text"),
        ("x", ["They promised to call back.", "All good."] * 20, "text"),
        ("region", ["North", "South"] * 20, "segment"),
        ("branch_name", ["City", "Town"] * 20, "segment"),
        ("visited", ["Yes", "No"] * 20, "segment"),
        ("kind", ["1", "2"] * 20, "segment"),
        ("wgt", ["0.5", "1.5"] * 20, "weight"),
        ("duration_sec", [str(100 + i) for i in range(40)], "duration"),
        ("StartDate", [f"2026-09-{i % 28 + 1:02d}" for i in range(40)], "ignore"),
        ("csat", ratings(40, high=5), "outcome"),
        ("clean", ratings(40, high=10), "driver"),
    ],
)
def test_the_role_of_a_column_is_guessed_from_name_and_values(
    tmp_path: Path, name: str, cells: list[object], role: str
) -> None:
    frame = table(resp=[f"r{i}" for i in range(40)], **{name: cells})
    assert roles(proposed(frame, tmp_path)) == {"resp": "id", name: role}


def test_answers_that_yaml_would_misread_are_quoted(tmp_path: Path) -> None:
    cells: list[object] = ["Yes", "No", "2026-01-01", "1.5x", "a: b", "#c", "'q'", "null"] * 5
    frame = table(resp=list(range(40)), kind=cells)
    values = proposed(frame, tmp_path).find_column("kind").values
    assert {code.value for code in values} == set(cells) - {"null"}
    assert all(code.value == code.label for code in values)


def test_an_id_with_a_few_duplicates_is_still_the_id(tmp_path: Path) -> None:
    ids: list[object] = [f"B{i}" for i in range(100)]
    frame = table(RespID=[*ids[:98], "B0", "B1"], other=ids)
    assert roles(proposed(frame, tmp_path))["RespID"] == "id"


def test_columns_of_points_need_to_add_up_to_100(tmp_path: Path) -> None:
    items = {f"{p}{i}": ratings(40, seed=i) for p in "EP" for i in range(1, 23)}
    names = ["tangibles", "reliability", "responsiveness", "assurance", "empathy"]
    points = {
        f"imp_{name}": [str(x)] * 40
        for name, x in zip(names, (10, 30, 25, 20, 15), strict=True)
    }
    assert (
        proposed(table(**items, **points), tmp_path).find_battery().points == "imp_{dimension}"
    )
    points["imp_empathy"] = ["90"] * 40
    assert proposed(table(**items, **points), tmp_path).find_battery().points == ""


def test_labels_and_questions_of_a_statistics_file_are_used(tmp_path: Path) -> None:
    frame = pd.DataFrame({f"Q{i}": [1.0, 2.0, 3.0, 9.0] * 10 for i in (1, 2, 3)})
    frame["sex"] = [1.0, 2.0] * 20
    labels = tuple(Code(i, text) for i, text in enumerate(["Low", "Mid", "High"], start=1))
    codebook = proposed(
        frame,
        tmp_path,
        labels={**{f"Q{i}": (*labels, Code(9, "No answer")) for i in (1, 2, 3)},
                "sex": (Code(1, "Woman"), Code(2, "Man"))},
        questions={f"Q{i}": f"Question {i}: how?" for i in (1, 2, 3)},
        user_missing={f"Q{i}": ((9, 9),) for i in (1, 2, 3)},
    )  # fmt: skip
    battery = codebook.find_battery()
    assert [item.text for item in battery.items] == [f"Question {i}: how?" for i in (1, 2, 3)]
    assert [code.label for code in battery.scale.anchors] == ["Low", "Mid", "High"]
    assert [(code.value, code.label) for code in battery.scale.missing] == [(9, "No answer")]
    assert [code.label for code in codebook.find_column("sex").values] == ["Woman", "Man"]


def test_computed_means_and_the_end_of_an_episode_are_numbers(tmp_path: Path) -> None:
    mean = [str(x / 7) for x in range(100, 140)]
    end = [str(x % 37) for x in range(40)]
    started = [f"2026-03-{1 + x % 28:02d} 10:{x:02d}" for x in range(40)]
    found = roles(proposed(table(mean=mean, end=end, started=started), tmp_path))
    assert found == {"started": "ignore"}


def test_columns_nothing_speaks_for_are_listed(tmp_path: Path) -> None:
    numbers: list[object] = [str(1000 + 7 * i) for i in range(40)]
    frame = table(resp=list(range(40)), income=numbers[::-1], empty=[None] * 40)
    proposed(frame, tmp_path)
    text = (tmp_path / "codebook.yaml").read_text()
    assert "# Not used, because nothing speaks for a role: income, empty" in text


def test_a_table_nothing_is_known_of_still_gives_a_codebook(tmp_path: Path) -> None:
    frame = table(a=[None, None], b=[None, None])
    assert roles(proposed(frame, tmp_path)) == {"a": "ignore", "b": "ignore"}


CELLS = st.one_of(
    st.none(),
    st.integers(-99, 999),
    st.floats(width=32),
    st.text(max_size=8),
    st.sampled_from(
        ["1", "2", "3", "7", "99", "Yes", "Agree", "Disagree", "a@b.org", "5 - x", ""]
    ),
)
NAMES = st.text(min_size=1, max_size=8) | st.from_regex(
    r"(E|P|Q|imp_|id|w|osat|sat)[0-9]{0,2}", fullmatch=True
)


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    names = draw(st.lists(NAMES, min_size=1, max_size=12, unique=True))
    rows = draw(st.integers(1, 8))
    some = st.lists(CELLS, min_size=rows, max_size=rows)
    few = st.lists(st.integers(1, 5).map(str), min_size=rows, max_size=rows)
    return table(**{name: draw(some | few) for name in names})


@settings(max_examples=150, deadline=None)
@given(frame=tables(), method=st.sampled_from(["servqual", "drivers"]))
def test_what_is_proposed_for_any_table_is_a_codebook_without_faults(
    frame: pd.DataFrame, method: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        codebook = proposed(frame, Path(folder), method=method)
    named = [column.column for column in codebook.columns]
    for battery in codebook.batteries:
        for part in battery.parts:
            named += battery.columns(part)
    assert set(named) <= set(frame.columns)
    assert len(named) == len(set(named))


def test_a_study_of_moments_starts_with_two_tables_to_fill(workspace: Path) -> None:
    folder = new_study(workspace, "visits", method="peak_end")
    with pytest.raises(StudyError, match=r"2 faults\n.*data file moments\.csv is not there"):
        load_study("visits", workspace=workspace)
    (folder / "moments.csv").write_text(
        "person,visit,time,mood\na,1,0,2\na,1,10,3\nb,1,0,-1\nb,1,5,2\n"
    )
    (folder / "episodes.csv").write_text("person,visit,remembered\na,1,7\nb,1,6\n")
    assert load_study("visits", workspace=workspace).episodes().n == 2
    assert "few_moments" in (folder / "study.yaml").read_text(encoding="utf-8")
    assert "`moments.csv`, `episodes.csv`" in (folder / "README.md").read_text(encoding="utf-8")
