"""Privacy: nothing downstream of ingestion knows a real meter number."""
