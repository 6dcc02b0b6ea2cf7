"""Files of a helpdesk → threads: CSV, JSON Lines, .eml and mbox. Pure: no row, no network."""

from chatbot.ticket_files.boxes import incoming as incoming_of_mail
from chatbot.ticket_files.incoming import Bad, Channel, Incoming, IncomingMessage
from chatbot.ticket_files.mails import LARGEST_MAIL, Mail
from chatbot.ticket_files.mails import parse as parse_mail
from chatbot.ticket_files.reading import SUFFIXES, read
from chatbot.ticket_files.texts import Unreadable

__all__ = [
    "LARGEST_MAIL",
    "SUFFIXES",
    "Bad",
    "Channel",
    "Incoming",
    "IncomingMessage",
    "Mail",
    "Unreadable",
    "incoming_of_mail",
    "parse_mail",
    "read",
]
