"""Scores of meter-days: what is asked, which rows can be answered, and the answer."""
