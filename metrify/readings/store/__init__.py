"""How an imported dataset keeps its readings: every version that arrived, and which one counts."""
