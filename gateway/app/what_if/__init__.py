"""What a mechanism would make of a book of tenders, without a daemon."""

from gateway.app.what_if.book import Book, read_book
from gateway.app.what_if.page import page
from gateway.app.what_if.run import MECHANISMS, clear, rules_of

__all__ = ["MECHANISMS", "Book", "clear", "page", "read_book", "rules_of"]
