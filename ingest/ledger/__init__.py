"""The ledger: every change of a product that was accepted, in one SQLite file; what wins."""
