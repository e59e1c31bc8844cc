"""Forecasts by meter: what is asked, which rows can be answered, and the answer."""
