"""What is expected of a feeder's loads and inverters."""
