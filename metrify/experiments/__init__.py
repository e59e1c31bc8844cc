"""Experiments: who gets which variant, and what the outcomes say."""
