"""What a mechanism would make of a book of tenders, without a daemon."""

from gateway.app.what_if.book import Book, read_book
from gateway.app.what_if.page import page
from gateway.app.what_if.run import clear, known, rules_of

__all__ = ["Book", "clear", "known", "page", "read_book", "rules_of"]
