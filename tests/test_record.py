"""The recorder: what a running notebook keeps, and what it refuses."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError
from cxresearch.record import MIME_TYPE, RUN_FOLDER, Recorder, open_record, table_to_csv
from cxresearch.responses.model import Flow, FlowStep
from cxresearch.results import Result
from cxresearch.shown import DisplayTable, Figure, Finding


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RecordedSampleResult(Result):
    estimate: float

    def tidy(self) -> pd.DataFrame:
        return pd.DataFrame({"term": ["a"], "estimate": [self.estimate]})

    def glance(self) -> pd.DataFrame:
        return pd.DataFrame({"n": [3]})


def figure(**changes: str) -> Figure:
    values = {"name": "gaps", "svg": "<svg/>", "alt_text": "Gap −0.82.", "caption": "Means."}
    return Figure(**{**values, **changes})


def table(data: pd.DataFrame | None = None) -> DisplayTable:
    shown = pd.DataFrame({"Item": ["=1+1"], "Gap": ["−0.82"]})
    full = pd.DataFrame({"item": ["=1+1"], "gap": [-0.8200000000000001]})
    return DisplayTable(
        name="items",
        caption="Gaps by item",
        shown=shown,
        data=full if data is None else data,
        numeric=("Gap",),
        notes=("Points.",),
    )


def finding(text: str = "Told.", **values: float) -> Finding:
    return Finding(
        message="m",
        text=text,
        sure="clear",
        rank=1.0,
        result="servqual_gaps",
        values=dict(values),
    )


def outputs(folder: Path) -> list[dict[str, object]]:
    return list(json.loads((folder / "outputs.json").read_text(encoding="utf-8"))["outputs"])


def test_outside_a_run_nothing_is_kept_and_the_value_still_shows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(RUN_FOLDER, raising=False)
    monkeypatch.chdir(tmp_path)
    shown = open_record()(figure())
    assert shown is not None
    assert shown._repr_mimebundle_()[0]["image/svg+xml"] == "<svg/>"
    assert list(tmp_path.iterdir()) == []


def test_the_environment_names_the_folder_of_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(RUN_FOLDER, str(tmp_path))
    open_record()(figure(svg_narrow="<svg id='n'/>"))
    assert (tmp_path / "figures" / "gaps.svg").read_text(encoding="utf-8") == "<svg/>"
    assert (tmp_path / "figures" / "gaps.narrow.svg").exists()
    assert outputs(tmp_path)[0] == {
        "kind": "figure",
        "name": "gaps",
        "file": "figures/gaps.svg",
        "file_narrow": "figures/gaps.narrow.svg",
        "caption": "Means.",
        "alt_text": "Gap −0.82.",
    }


def test_each_kind_is_kept_and_listed_in_the_order_of_recording(tmp_path: Path) -> None:
    record = Recorder(tmp_path)
    flow = Flow(read=10, steps=(FlowStep(rule="duplicated", detail="id", excluded=2),))
    for value in (RecordedSampleResult(estimate=0.1), figure(), table(), (finding(),), flow):
        record(value)
    assert [(entry["kind"], entry["name"]) for entry in outputs(tmp_path)] == [
        ("result", "recorded_sample"),
        ("figure", "gaps"),
        ("table", "items"),
        ("findings", "findings"),
        ("flow", "flow"),
    ]
    assert json.loads((tmp_path / "results" / "flow.json").read_text())["analysed"] == 8


def test_a_result_keeps_full_precision(tmp_path: Path) -> None:
    Recorder(tmp_path)(RecordedSampleResult(estimate=0.1 + 0.2), name="sample")
    payload = json.loads((tmp_path / "results" / "sample.json").read_text(encoding="utf-8"))
    assert Result.from_dict(payload).tidy()["estimate"].tolist() == [0.30000000000000004]


def test_a_table_keeps_its_display_form_and_its_full_numbers(tmp_path: Path) -> None:
    Recorder(tmp_path)(table())
    (entry,) = outputs(tmp_path)
    assert entry["columns"] == ["Item", "Gap"]
    assert entry["rows"] == [["=1+1", "−0.82"]]
    assert entry["numeric"] == ["Gap"]
    csv = (tmp_path / "tables" / "items.csv").read_text(encoding="utf-8")
    assert csv == "item,gap\n'=1+1,-0.8200000000000001\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_takes_for_a_formula_gets_an_apostrophe(start: str) -> None:
    data = pd.DataFrame({f"{start}head": [f"{start}cmd|' /C calc'!A0"], "n": [-1.5]})
    csv = table_to_csv(data)
    assert f"'{start}cmd" in csv
    assert f"'{start}head" in csv
    assert csv.rstrip("\n").endswith("-1.5")


def test_findings_of_several_calls_are_told_together(tmp_path: Path) -> None:
    record = Recorder(tmp_path)
    record([finding("First.")])
    second = record((finding("Second.", gap=math.nan), finding("Third.")))
    assert second is not None
    assert second.name == "findings_2"
    kept = json.loads((tmp_path / "results" / "findings.json").read_text(encoding="utf-8"))
    assert [entry["text"] for entry in kept] == ["First.", "Second.", "Third."]
    assert kept[1]["values"] == {"gap": None}
    assert [(e["first"], e["count"]) for e in outputs(tmp_path)] == [(0, 1), (1, 2)]


def test_the_cell_output_says_which_recorded_value_it_shows(tmp_path: Path) -> None:
    record = Recorder(tmp_path)
    for value, kind, name in (
        (figure(), "figure", "gaps"),
        (table(), "table", "items"),
        (RecordedSampleResult(estimate=1.0), "result", "recorded_sample"),
        ([finding("<b>")], "findings", "findings"),
    ):
        shown = record(value)
        assert shown is not None
        data, _ = shown._repr_mimebundle_()
        assert data[MIME_TYPE] == {"kind": kind, "name": name}
    assert "&lt;b&gt;" in data["text/html"]


def test_nothing_to_show_is_passed_through(tmp_path: Path) -> None:
    assert Recorder(tmp_path)(None) is None
    assert list(tmp_path.iterdir()) == []


def test_a_name_can_be_used_once(tmp_path: Path) -> None:
    record = Recorder(tmp_path)
    record(figure())
    with pytest.raises(CxError, match="a figure named 'gaps' is recorded already"):
        record(figure())
    record(table(), name="gaps")  # a table of that name is another file
    assert len(outputs(tmp_path)) == 2


@pytest.mark.parametrize("name", ["", "Gaps", "a b", "../x", "a-b", "a\n"])
def test_a_malformed_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CxError, match="must be small letters, digits and underscores"):
        Recorder(tmp_path)(figure(), name=name)


@pytest.mark.parametrize("alt_text", ["", "  \n"])
def test_a_figure_without_alternative_text_is_refused(alt_text: str) -> None:
    with pytest.raises(CxError, match="has no alternative text"):
        Recorder(None)(figure(alt_text=alt_text))


@pytest.mark.parametrize("value", [3, "text", {"a": 1}, pd.DataFrame(), [1]])
def test_what_cannot_be_recorded_is_refused_by_type(value: object) -> None:
    with pytest.raises(CxError, match="cannot be recorded; allowed are a result, a figure"):
        Recorder(None)(value)  # type: ignore[arg-type]


def test_a_failed_write_leaves_the_listing_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record = Recorder(tmp_path)
    record(figure())
    before = (tmp_path / "outputs.json").read_text(encoding="utf-8")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        record(table())
    assert (tmp_path / "outputs.json").read_text(encoding="utf-8") == before
    assert [path.name for path in tmp_path.rglob("*.part")] == []


def test_two_recorders_of_one_run_list_their_outputs_together(tmp_path: Path) -> None:
    first, second = Recorder(tmp_path), Recorder(tmp_path)
    first(figure(), name="a")
    second(figure(), name="b")
    first(figure(), name="c")
    assert [entry["name"] for entry in outputs(tmp_path)] == ["a", "b", "c"]
    for record in (first, second):
        with pytest.raises(CxError, match="'b' is recorded already"):
            record(figure(), name="b")


def test_a_listing_of_another_layout_is_taken_up(tmp_path: Path) -> None:
    listing = tmp_path / "outputs.json"
    entry = {"kind": "figure", "name": "a"}
    listing.write_text(json.dumps({"outputs": [entry], "schema": 1}), encoding="utf-8")
    Recorder(tmp_path)(figure(), name="b")
    assert [entry["name"] for entry in outputs(tmp_path)] == ["a", "b"]
    listing.write_text('{"schema": 1, "outputs": []}', encoding="utf-8")
    Recorder(tmp_path)(figure(), name="c")
    assert [entry["name"] for entry in outputs(tmp_path)] == ["c"]


def test_a_table_is_written_as_pandas_writes_it() -> None:
    numbers = np.random.default_rng(3).integers(0, 2**63, 500, dtype=np.int64)
    frame = pd.DataFrame(
        {
            "any": [
                *numbers.view(float),
                1e15,
                1e16,
                1e-4,
                1e-5,
                np.nan,
                np.inf,
                -np.inf,
                -0.0,
            ],
            "count": range(508),
            "flag": [True, False] * 254,
            "text": ["a,b", 'a "b"', "a\nb", "", None, np.nan, "é", 1.5] * 63 + ["z"] * 4,
        }
    )
    assert table_to_csv(frame) == frame.to_csv(index=False, lineterminator="\n")
