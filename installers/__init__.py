"""Turns the source tree into something a person can install."""
