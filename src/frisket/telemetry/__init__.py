"""What devices report of themselves while they work: counters, supplies, paper, alerts."""
