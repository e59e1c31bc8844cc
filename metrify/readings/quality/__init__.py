"""Quality: faults of readings, verdicts a local day and a meter, quarantine and release."""
