"""Judging: rules, baselines, policy items and standards as data; one pure comparison."""
