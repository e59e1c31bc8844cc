"""Drift: has the served population changed from the one that the model knows?"""
