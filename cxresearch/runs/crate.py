"""A run described as an RO-Crate, so that archives and other tools understand it."""

from __future__ import annotations

from pathlib import Path

from cxresearch._files import write_json
from cxresearch._types import Json
from cxresearch.runs.sums import SUMS, files_of

CRATE = "ro-crate-metadata.json"

_CONTEXT = "https://w3id.org/ro/crate/1.1/context"
_CRATE = "https://w3id.org/ro/crate/1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_FORMATS = {
    ".json": "application/json",
    ".ipynb": "application/x-ipynb+json",
    ".csv": "text/csv",
    ".svg": "image/svg+xml",
    ".html": "text/html",
    ".yaml": "application/yaml",
}
_STATUS = {
    "completed": "http://schema.org/CompletedActionStatus",
    "failed": "http://schema.org/FailedActionStatus",
}


def write_crate(folder: Path, record: Json) -> None:
    """Write ``ro-crate-metadata.json`` into a run: RO-Crate 1.1, profile Process Run Crate 0.5.

    The raw answers are named with their hashes; they are not part of the crate.

    References
    ----------
    Soiland-Reyes, S., et al. (2022). Packaging research artefacts with RO-Crate. Data Science
    5, 97–138. https://doi.org/10.3233/DS-210053
    """
    there = [name for name in files_of(folder) if name != CRATE]
    files = sorted({*there, SUMS})  # which is written last
    write_json(folder / CRATE, {"@context": _CONTEXT, "@graph": _graph(files, record)})


def _graph(files: list[str], record: Json) -> list[Json]:
    data = [_data(source) for source in record["data"]]
    parameters = [_parameter(n, v) for n, v in record["parameters"].items()]
    inputs = [name for name in files if name.startswith("inputs/")]
    outputs = [name for name in files if name not in inputs]
    return [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "conformsTo": {"@id": _CRATE},
            "about": {"@id": "./"},
        },
        _root(files, record),
        {
            "@id": _PROFILE,
            "@type": "CreativeWork",
            "name": "Process Run Crate",
            "version": "0.5",
        },
        _action([*_ids(data), *_ids(parameters), *_links(inputs)], _links(outputs), record),
        _software(record),
        *data,
        *parameters,
        *(_file(name, record) for name in files),
    ]


def _root(files: list[str], record: Json) -> Json:
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": record["title"],
        "description": record["description"] or f"{record['method_title']}: {record['title']}",
        "datePublished": record["ended"],
        "license": "Not stated: ask the contact of the study.",
        "conformsTo": {"@id": _PROFILE},
        "hasPart": _links(files),
        "mentions": {"@id": "#run"},
    }


def _action(inputs: list[Json], outputs: list[Json], record: Json) -> Json:
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"{record['method_title']} of {record['study']}",
        "instrument": {"@id": "#cxresearch"},
        "object": inputs,
        "result": outputs,
        "startTime": record["started"],
        "endTime": record["ended"],
        "actionStatus": {"@id": _STATUS[record["status"]]},
    }
    if record.get("error"):
        action["error"] = record["error"]["message"]
    return action


def _software(record: Json) -> Json:
    return {
        "@id": "#cxresearch",
        "@type": "SoftwareApplication",
        "name": "cxresearch",
        "softwareVersion": record["package"]["version"],
        "identifier": record["package"]["code_sha256"],
    }


def _data(source: Json) -> Json:
    return {
        "@id": f"#data-{source['sha256'][:16]}",
        "@type": "CreativeWork",
        "name": source["file"],
        "description": "Raw answers; not part of this crate.",
        "identifier": f"sha256:{source['sha256']}",
    }


def _parameter(name: str, value: object) -> Json:
    shown = value if isinstance(value, (str, int, float)) else str(value)
    return {
        "@id": f"#parameter-{name}",
        "@type": "PropertyValue",
        "name": name,
        "value": shown,
    }


def _file(name: str, record: Json) -> Json:
    entity: Json = {"@id": name, "@type": "File", "name": Path(name).name}
    if Path(name).suffix in _FORMATS:
        entity["encodingFormat"] = _FORMATS[Path(name).suffix]
    if name in record["outputs"]:
        entity["identifier"] = f"sha256:{record['outputs'][name]}"
    return entity


def _ids(entities: list[Json]) -> list[Json]:
    # Two waves may hold the same file: an entity is named once.
    return [{"@id": name} for name in dict.fromkeys(entity["@id"] for entity in entities)]


def _links(names: list[str]) -> list[Json]:
    return [{"@id": name} for name in names]
