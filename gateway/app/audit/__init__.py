"""The ledger looked at from outside: whether it holds, and what stands in it."""

from gateway.app.audit.entries import Entry, entries
from gateway.app.audit.terms import terms_of
from gateway.app.audit.verify import Audit, audit

__all__ = ["Audit", "Entry", "audit", "entries", "terms_of"]
