"""Runs: parameters checked, template executed, inputs written down, run filed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxresearch._lazy import lazy_names

if TYPE_CHECKING:
    from cxresearch.runs.execute import (
        CELL_TIMEOUT,
        NOTEBOOK,
        KernelOptions,
        Progress,
        execute_template,
        failed_at,
    )
    from cxresearch.runs.filing import (
        RUN_ID,
        STAGING,
        file_run,
        hash_outputs,
        staging_folder,
        sweep_staging,
    )
    from cxresearch.runs.parameters import check_parameters, parse_setting
    from cxresearch.runs.provenance import (
        code_sha256,
        describe_environment,
        describe_inputs,
        describe_repository,
        describe_responses,
        run_key,
    )
    from cxresearch.runs.template import (
        STUDY_PARAMETER,
        Template,
        find_template,
        list_templates,
        read_template,
    )
    from cxresearch.runs.values import Parameter

__all__ = [
    "CELL_TIMEOUT",
    "NOTEBOOK",
    "RUN_ID",
    "STAGING",
    "STUDY_PARAMETER",
    "KernelOptions",
    "Parameter",
    "Progress",
    "Template",
    "check_parameters",
    "code_sha256",
    "describe_environment",
    "describe_inputs",
    "describe_repository",
    "describe_responses",
    "execute_template",
    "failed_at",
    "file_run",
    "find_template",
    "hash_outputs",
    "list_templates",
    "parse_setting",
    "read_template",
    "run_key",
    "staging_folder",
    "sweep_staging",
]

__getattr__ = lazy_names(
    __name__,
    {
        "CELL_TIMEOUT": "execute",
        "KernelOptions": "execute",
        "NOTEBOOK": "execute",
        "Parameter": "values",
        "Progress": "execute",
        "RUN_ID": "filing",
        "STAGING": "filing",
        "STUDY_PARAMETER": "template",
        "Template": "template",
        "check_parameters": "parameters",
        "code_sha256": "provenance",
        "describe_environment": "provenance",
        "describe_inputs": "provenance",
        "describe_repository": "provenance",
        "describe_responses": "provenance",
        "execute_template": "execute",
        "failed_at": "execute",
        "file_run": "filing",
        "find_template": "template",
        "hash_outputs": "filing",
        "list_templates": "template",
        "parse_setting": "parameters",
        "read_template": "template",
        "run_key": "provenance",
        "staging_folder": "filing",
        "sweep_staging": "filing",
    },
)
