"""The component and its metadata."""
