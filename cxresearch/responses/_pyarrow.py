"""The one door to pyarrow: Parquet files."""

from __future__ import annotations

import io

import pandas as pd

from cxresearch.responses._unreadable import UnreadableError, check_cells, first_line


def read_parquet(data: bytes) -> pd.DataFrame:
    """Read a Parquet file; an index that pandas stored comes back as a column.

    Raises
    ------
    UnreadableError
        The file is damaged, or larger than is read.
    """
    # Imported here: loading it takes longer than reading most files.
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(data))
        check_cells(file.metadata.num_rows, len(file.schema_arrow.names))
        table = file.read()
        # As objects, because texts and categories are otherwise converted when first looked at.
        columns = {
            f"{position}": table.column(position).to_pandas().astype(object)
            for position in range(table.num_columns)
        }
        frame = pd.DataFrame(columns)
        frame.columns = pd.Index(table.column_names, dtype=object)
    except UnreadableError:
        raise
    except Exception as error:  # damaged files raise ArrowInvalid, OSError and others
        message = f"the Parquet file cannot be read: {first_line(error)}"
        raise UnreadableError(message) from error
    return frame
