# The names of this room, one a line; read by `__init__.py` too. See `cxresearch/__init__.pyi`.

from cxresearch.reports.first_screen import headline as headline
from cxresearch.reports.page_parts import page_file as page_file
from cxresearch.reports.page_parts import security_policy as security_policy
from cxresearch.reports.render import REPORT as REPORT
from cxresearch.reports.render import render_report as render_report
from cxresearch.reports.render import write_report as write_report
