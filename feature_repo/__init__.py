"""The Feast repository. Its store files lie in the Metrify home."""
