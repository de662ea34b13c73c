# The names of this room, one a line; read by `__init__.py` too. See `cxresearch/__init__.pyi`.

from cxresearch.study.load import load_study as load_study
from cxresearch.study.load import start_study as start_study
from cxresearch.study.load import study_schema as study_schema
from cxresearch.study.model import Study as Study
from cxresearch.study.plan import load_plan as load_plan
from cxresearch.study.plan import lock_plan as lock_plan
from cxresearch.study.plan import plan_schema as plan_schema
from cxresearch.study.planning import assignment_ratio as assignment_ratio
from cxresearch.study.planning import compare_with_plan as compare_with_plan
from cxresearch.study.planning import interim_plan as interim_plan
from cxresearch.study.planning import plan_notes as plan_notes
from cxresearch.study.planning import planned_study as planned_study
from cxresearch.study.workspace import find_workspace as find_workspace
from cxresearch.study.workspace import list_studies as list_studies
