"""Seeded defects, and the proof that each check turns red for one."""
