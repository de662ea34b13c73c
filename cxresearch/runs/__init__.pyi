# The names of this room, one a line; read by `__init__.py` too. See `cxresearch/__init__.pyi`.

from cxresearch.runs.execute import CELL_TIMEOUT as CELL_TIMEOUT
from cxresearch.runs.execute import NOTEBOOK as NOTEBOOK
from cxresearch.runs.execute import KernelOptions as KernelOptions
from cxresearch.runs.execute import Progress as Progress
from cxresearch.runs.execute import execute_template as execute_template
from cxresearch.runs.execute import failed_at as failed_at
from cxresearch.runs.filing import RUN_ID as RUN_ID
from cxresearch.runs.filing import STAGING as STAGING
from cxresearch.runs.filing import file_run as file_run
from cxresearch.runs.filing import hash_outputs as hash_outputs
from cxresearch.runs.filing import staging_folder as staging_folder
from cxresearch.runs.filing import sweep_staging as sweep_staging
from cxresearch.runs.parameters import check_parameters as check_parameters
from cxresearch.runs.parameters import parse_setting as parse_setting
from cxresearch.runs.provenance import code_sha256 as code_sha256
from cxresearch.runs.provenance import describe_environment as describe_environment
from cxresearch.runs.provenance import describe_inputs as describe_inputs
from cxresearch.runs.provenance import describe_repository as describe_repository
from cxresearch.runs.provenance import describe_responses as describe_responses
from cxresearch.runs.provenance import run_key as run_key
from cxresearch.runs.template import STUDY_PARAMETER as STUDY_PARAMETER
from cxresearch.runs.template import Template as Template
from cxresearch.runs.template import find_template as find_template
from cxresearch.runs.template import list_templates as list_templates
from cxresearch.runs.template import read_template as read_template
from cxresearch.runs.values import Parameter as Parameter
