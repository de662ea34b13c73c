# The names of this room, one a line; read by `__init__.py` too. See `cxresearch/__init__.pyi`.

from cxresearch.catalogue.checking import CheckOutcome as CheckOutcome
from cxresearch.catalogue.checking import check_study as check_study
from cxresearch.catalogue.export import export_run as export_run
from cxresearch.catalogue.filings import Filing as Filing
from cxresearch.catalogue.filings import find_run as find_run
from cxresearch.catalogue.filings import index_filings as index_filings
from cxresearch.catalogue.index import write_index as write_index
from cxresearch.catalogue.opened import OpenedRun as OpenedRun
from cxresearch.catalogue.opened import open_run as open_run
from cxresearch.catalogue.pipeline import RunOutcome as RunOutcome
from cxresearch.catalogue.pipeline import run_study as run_study
from cxresearch.catalogue.reproduce import Difference as Difference
from cxresearch.catalogue.reproduce import Reproduced as Reproduced
from cxresearch.catalogue.reproduce import reproduce_run as reproduce_run
from cxresearch.catalogue.serve import catalogue_server as catalogue_server
from cxresearch.catalogue.verify import verify_filings as verify_filings
from cxresearch.catalogue.verify import verify_run as verify_run
