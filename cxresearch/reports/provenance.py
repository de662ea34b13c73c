"""Where a report comes from: the facts at its foot."""

from __future__ import annotations

from dataclasses import dataclass

from cxresearch._types import Json
from cxresearch.reports.facts import repeat_command
from cxresearch.reports.source import RunFiles
from cxresearch.shown import Depth
from cxresearch.wording import Messages

_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line at the foot of a report."""

    term: str
    text: str
    depth: Depth = "manager"
    code: bool = False


def provenance_facts(files: RunFiles, messages: Messages) -> list[Fact]:
    """Return study, run, inputs with their hashes, versions and the commands to repeat it."""
    record, say = files.record, messages.text
    study, run = str(record.get("study", "")), str(record.get("run", files.folder.name))
    facts = [
        Fact(term=say("report.study"), text=study),
        Fact(term=say("report.run"), text=run, code=True),
        Fact(
            term=say("report.template"), text=_hashed(record.get("template")), depth="analyst"
        ),
        *(
            Fact(term=say("report.data"), text=_source(source, messages), depth="analyst")
            for source in _sources(record)
        ),
        Fact(
            term=say("report.codebook"), text=_hashed(record.get("codebook")), depth="analyst"
        ),
        Fact(term=say("report.seed"), text=_text(record.get("seed")), depth="analyst"),
        Fact(term=say("report.started"), text=_text(record.get("started")), depth="analyst"),
        Fact(term=say("report.duration"), text=_duration(record), depth="analyst"),
        Fact(term=say("report.versions"), text=_versions(record), depth="analyst"),
        Fact(term=say("report.commit"), text=_commit(record, messages), depth="analyst"),
        Fact(term=say("report.repeat"), text=repeat_command(record), code=True),
        Fact(term=say("report.rerender"), text=f"cxresearch report {study} {run}", code=True),
    ]
    return [fact for fact in facts if fact.text]


def _sources(record: Json) -> list[Json]:
    respondents = record.get("respondents") or {}
    return list(respondents.get("sources") or record.get("data") or [])


def _source(source: Json, messages: Messages) -> str:
    parts = [str(source.get("wave") or source.get("table") or ""), _hashed(source)]
    if source.get("rows") is not None:
        rows, columns = int(source["rows"]), int(source.get("columns", 0))
        parts.append(messages.text("report.rows", n=rows))
        parts.append(messages.text("report.columns", n=columns))
    parts += [str(source.get("format") or ""), str(source.get("encoding") or "")]
    return " · ".join(part for part in parts if part)


def _hashed(entry: Json | None) -> str:
    if not entry:
        return ""
    digest = str(entry.get("sha256", ""))
    return (
        f"{entry.get('file', '')} (sha256 {digest[:_DIGITS]}…)"
        if digest
        else str(entry["file"])
    )


def _versions(record: Json) -> str:
    environment = record.get("environment") or {}
    package = (record.get("package") or {}).get("version")
    parts = [f"cxresearch {package}"] if package else []
    if environment.get("python"):
        parts.append(f"Python {environment['python']}")
    parts += [str(environment.get(key)) for key in ("system", "blas") if environment.get(key)]
    packages = environment.get("packages", {})
    parts += [f"{name} {packages[name]}" for name in _NAMED if name in packages]
    return ", ".join(parts)


_NAMED = ("numpy", "pandas", "scipy", "statsmodels", "papermill", "nbconvert")


def _commit(record: Json, messages: Messages) -> str:
    state = record.get("git")
    if not state:
        return ""
    changed = f" ({messages.text('report.uncommitted')})" if state.get("dirty") else ""
    return f"{str(state.get('commit', ''))[:_DIGITS]}{changed}"


def _duration(record: Json) -> str:
    seconds = record.get("seconds")
    return f"{seconds:.1f} s" if isinstance(seconds, (int, float)) else ""


def _text(value: object) -> str:
    return "" if value is None else str(value)
