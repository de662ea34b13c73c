"""Terms, evidence, formulas and sources of a report, and its language."""

from __future__ import annotations

import inspect
import json
import re
import tomllib
from collections.abc import Callable
from html import escape
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

import cxresearch
from cxresearch.reports import render_report
from cxresearch.reports.code import code_block
from cxresearch.reports.evidence import EvidenceIndex
from cxresearch.reports.formulas import formula_html
from cxresearch.reports.glossary import Glossary
from cxresearch.reports.method_notes import notes_of_code, read_references
from cxresearch.reports.pdf import at_depth
from cxresearch.reports.source import RunFiles, read_run
from cxresearch.reports.telling import Teller
from cxresearch.wording import Messages

MakeRun = Callable[..., Path]
TEMPLATES = sorted((Path(__file__).resolve().parents[2] / "templates").glob("*.ipynb"))
PREPARING = {"driver_table", "usual_scenarios"}
GAPS = {"item": ["a", "b"], "term": ["a", "b"], "estimate": [-0.8200000000000001, -0.25]}


def run_of(record: dict[str, Any]) -> RunFiles:
    return RunFiles(folder=Path(), record=record, outputs={}, findings=[], notebook=None)


def index_of(make_run: MakeRun, given: Any, **finding: Any) -> Any:
    import pandas as pd

    from cxresearch.shown import DisplayTable

    shown = pd.DataFrame({"Item": ["A", "B"], "Gap": ["−0.82", "−0.25"]})
    table = DisplayTable(name="gaps", caption="Gaps", shown=shown, data=pd.DataFrame(GAPS))
    told = given.finding("Told.", 1.0, **{"conf_low": float("nan"), **finding})
    files = read_run(make_run(table, [told]))
    return EvidenceIndex(files).of(files.findings[0])


def test_a_finding_leads_to_the_row_of_its_term_and_number(
    make_run: MakeRun, given: Any
) -> None:
    found = index_of(make_run, given, term="b", estimate=-0.25, conf_high=float("nan"))
    assert (found.place, found.table, found.is_row) == ("row-gaps-b", "Gaps", True)


def test_a_row_of_the_same_term_with_other_numbers_is_no_evidence(
    make_run: MakeRun, given: Any
) -> None:
    found = index_of(make_run, given, term="b", estimate=0.5, conf_high=float("nan"))
    assert not found.is_row


def test_a_share_is_found_by_the_number_told_not_by_its_distance_from_a_half(
    make_run: MakeRun, given: Any
) -> None:
    told = {"estimate": -0.25, "conf_low": float("nan"), "conf_high": float("nan")}
    found = index_of(make_run, given, term="b", estimate=-0.75, conf_high=1.5, values=told)
    assert (found.place, found.is_row) == ("row-gaps-b", True)


def test_a_long_number_is_found_again_without_a_term(make_run: MakeRun, given: Any) -> None:
    found = index_of(make_run, given, term="", group="", estimate=-0.8200000000000001)
    assert found.place == "row-gaps-a"


def test_a_number_beside_the_estimate_of_something_else_is_no_evidence(
    make_run: MakeRun, given: Any
) -> None:
    import pandas as pd

    from cxresearch.shown import DisplayTable

    rows = {"term": ["peak"], "estimate": [0.72], "peak_slope": [0.13334533240890792]}
    table = DisplayTable(
        name="sensitivity",
        caption="Rules",
        shown=pd.DataFrame({"Peak": ["as observed"]}),
        data=pd.DataFrame(rows),
    )
    told = given.finding("Told.", 1.0, term="peak", estimate=0.13334533240890792)
    files = read_run(make_run(table, [told]))
    assert not EvidenceIndex(files).of(files.findings[0]).is_row


def test_of_two_results_of_a_kind_the_one_with_most_of_the_numbers_is_named(
    tmp_path: Path,
) -> None:
    texts = {"felt": '{"confidence_level": 0.95}', "crossover": "[0.95, 0.27, 1.63]"}
    outputs = {}
    for name, text in texts.items():
        (tmp_path / f"{name}.json").write_text(text)
        outputs["result", name] = {"file": f"{name}.json", "result": "crossover"}
    files = RunFiles(folder=tmp_path, record={}, outputs=outputs, findings=[], notebook=None)
    told = {"result": "crossover", "estimate": 0.95, "conf_low": 0.27, "conf_high": 1.63}
    assert EvidenceIndex(files).of(told).file == "crossover.json"


def test_a_result_without_a_table_is_called_by_its_words() -> None:
    files = run_of({"language": "en"})
    files.outputs["result", "memory_models"] = {"file": "results/memory_models.json"}
    messages = Messages("en")
    teller = Teller(messages=messages, glossary=Glossary(messages), index=EvidenceIndex(files))
    found = teller.evidence({"result": "memory_models", "estimate": 0.4})
    assert (found.place, found.table) == ("result-memory-models", "Rules of memory compared")


def test_terms_are_linked_once_in_a_sentence_and_listed_in_order() -> None:
    words = Glossary(Messages("en"))
    assert words.sentence("gap, gaps").count("<a ") == 1
    assert words.heading("95% interval of d_z", depth="analyst").count("<a ") == 1
    assert words.heading("Name <b>") == "Name &lt;b&gt;"
    words.sentence("interval")
    assert [(e.term, e.depth) for e in words.entries()] == [
        ("Gap", "manager"),
        ("Interval", "manager"),
    ]


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_form_belongs_to_a_term_with_a_meaning(language: str) -> None:
    messages = Messages(language)
    known = set(messages.section("glossary")) & set(messages.section("report.term"))
    for section in ("report.term_forms", "report.term_heads"):
        assert set(messages.section(section)) <= known


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "Lord's formula, parallel analysis, latent correlations, omega hierarchical, HTMT, "
            "CFI, RMSEA, resamples",
        ),
        (
            "es",
            "fórmula de Lord, análisis paralelo, correlaciones latentes, omega jerárquica, "
            "HTMT, CFI, RMSEA, remuestras",
        ),
    ],
)
def test_what_only_statisticians_say_is_explained_in_one_line(
    language: str, words: str
) -> None:
    glossary = Glossary(Messages(language))
    linked = re.findall(r'<a class="term"[^>]*>(.*?)</a>', glossary.sentence(words))
    assert [word.replace("&#x27;", "'") for word in linked] == words.split(", ")
    assert all(30 < len(entry.meaning) < 160 for entry in glossary.entries())


def test_only_terms_that_occur_are_explained(make_run: MakeRun, given: Any) -> None:
    told = given.finding("The gap is wide.", 1.0)
    html = render_report(make_run([told]))
    assert set(re.findall(r'<div id="word-(\w+)"', html)) == {"gap", "sure"}


def test_terms_in_the_caption_of_a_figure_are_linked(make_run: MakeRun, given: Any) -> None:
    html = render_report(make_run(given.figure(caption="Told in 91% of <resamples>.")))
    linked = '<a class="term" href="#word-resample">resamples</a>'
    assert f"<figcaption>Told in 91% of &lt;{linked}&gt;.</figcaption>" in html


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_each_step_that_estimates_has_formula_code_source_and_command(template: Path) -> None:
    files = run_of({"study": "desk", "settings": {"seed": 7}})
    messages = Messages("en")
    cells = json.loads(template.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    steps = [source for source in sources if notes_of_code(source).analyses]
    assert len(steps) >= 10
    for source in steps:
        notes = notes_of_code(source)
        shown = code_block(source, files, messages).html
        assert "cxresearch run desk --set seed=7" in shown
        if set(notes.analyses) <= PREPARING:
            continue
        assert notes.formulas, source
        assert shown.count('<math display="block">') == len(notes.formulas), source
        assert notes.references, source
        assert any(reference.doi for reference in notes.references), source
        for doi in (reference.doi for reference in notes.references if reference.doi):
            assert f"https://doi.org/{escape(doi)}" in shown


def test_every_written_formula_belongs_to_a_function_and_can_be_shown() -> None:
    page = resources.files("cxresearch.reports").joinpath("page", "formulas.toml")
    written = tomllib.loads(page.read_text("utf-8"))
    assert [name for name in written if not callable(getattr(cxresearch, name, None))] == []
    for name, formulas in written.items():
        for tex in formulas:
            assert formula_html(tex, block=True).count("<math ") == 1, name


def test_references_read_from_the_source_are_those_of_the_functions() -> None:
    public = {name: getattr(cxresearch, name) for name in cxresearch.__all__}
    own = {
        name: read_references(inspect.getdoc(function) or "")
        for name, function in public.items()
        if inspect.isfunction(function)
    }
    cited = {name: references for name, references in own.items() if references}
    assert len(cited) > 50
    for name, references in cited.items():
        assert notes_of_code(f"cx.{name}(x)").references == references, name


def test_a_step_without_formula_still_says_how_to_have_it_again() -> None:
    files = run_of({"study": "desk"})
    preparing = code_block("table = cx.driver_table(responses)", files, Messages("en"))
    assert "cxresearch run desk" in preparing.html
    shown = code_block("record(cx.plot_gaps(gaps))", files, Messages("en"))
    assert "cxresearch run desk" not in shown.html


def test_references_are_read_with_and_without_blank_lines_between() -> None:
    doc = (
        "X.\n\nReferences\n----------\nOwen, G. (1977). Values. *Essays*. doi:10.1007/b7\n"
        "Rao, J. N. K. (1988). A title that is\nlong. Journal 83, 1–2.\n\n"
        "van Dam, A. (1990). More. https://doi.org/10.2307/1.\n\nExamples\n--------\n>>> 1\n"
    )
    assert [(r.text[:8], r.doi) for r in read_references(doc)] == [
        ("Owen, G.", "10.1007/b7"),
        ("Rao, J. ", ""),
        ("van Dam,", "10.2307/1"),
    ]


def test_code_that_is_none_has_no_notes() -> None:
    assert notes_of_code("%matplotlib inline\nthis is not python").references == ()


def test_a_depth_and_a_paper_are_chosen_without_a_script(make_run: MakeRun) -> None:
    html = at_depth(render_report(make_run()), "student", "Letter")
    assert re.findall(r'value="(\w+)" checked', html) == ["student"]
    assert "@page{size:Letter}</style>" in html


def test_a_spanish_report_narrates_in_spanish_and_marks_what_it_cannot(
    make_run: MakeRun, given: Any
) -> None:
    felt = "The feature of the moments that the condition was meant to change."
    extra = given.cells(
        ("m", f"## Was the change felt?\n\n{felt}", ["manager"]),
        ("m", "## Mine\n\nOwn.", ["manager"]),
    )
    html = render_report(make_run(extra=extra), language="es")
    assert '<div class="prose"><h2 id="se-sintió-el-cambio">¿Se sintió el cambio? ' in html
    assert '<div class="prose" lang="en"><h2 id="mine">' in html
    assert "Análisis de brechas SERVQUAL" in html


def test_parameters_are_explained_in_the_language_of_the_page(make_run: MakeRun) -> None:
    run = make_run()
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    record["parameter_help"]["segments"] = "Mine alone"
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    html = render_report(run, language="es")
    assert '<td class="text wrap">Nivel de todos los intervalos</td>' in html
    assert '<td class="text wrap" lang="en">Mine alone</td>' in html
    assert '<td class="text wrap">Level of every interval</td>' in render_report(run)
