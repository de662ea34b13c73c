"""JSON Schema of the files people write, for the help of their editors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from cxresearch._types import Json
from cxresearch.codebook.file import CodebookFile

DIALECT = GenerateJsonSchema.schema_dialect


def codebook_schema() -> Json:
    """Return the JSON Schema (draft 2020-12) of codebook.yaml.

    An editor that knows it completes keys and marks faults while one types.

    Examples
    --------
    >>> schema = codebook_schema()
    >>> schema["title"]
    'cxresearch codebook'
    >>> sorted(schema["properties"])
    ['batteries', 'columns', 'language', 'response_scales', 'survey']
    """
    return schema_of(CodebookFile)


def schema_of(model: type[BaseModel]) -> Json:
    """Return the JSON Schema of a file form, in the form editors read best."""
    schema = _for_editors(model.model_json_schema())
    return {"$schema": DIALECT, **schema}


def _for_editors(node: Any) -> Any:
    """Adapt what pydantic writes.

    The forms a value may take overlap (a dimension with a label is also a mapping of texts),
    which ``oneOf`` refuses; texts in several languages allow no other keys.
    """
    if isinstance(node, list):
        return [_for_editors(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    result = {"anyOf" if key == "oneOf" else key: _for_editors(v) for key, v in node.items()}
    if "patternProperties" in result:
        result["additionalProperties"] = False
    return result
