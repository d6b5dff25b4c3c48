"""One repository per aggregate. Every method returns a future of frozen records.

A `LookupError` in a future means that the row is not there (or not any more).
"""
