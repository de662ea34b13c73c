# The names of this room, one a line; read by `__init__.py` too. See `cxresearch/__init__.pyi`.

from cxresearch.sentences._base import findings as findings
from cxresearch.sentences._base import sureness as sureness
from cxresearch.sentences._render import retell as retell
from cxresearch.sentences.analysis_plan import mark_planned as mark_planned
from cxresearch.sentences.flow import describe_flow as describe_flow
from cxresearch.sentences.together import read_together as read_together
