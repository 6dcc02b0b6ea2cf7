"""Files of a helpdesk → threads: CSV, JSON Lines, .eml and mbox. Pure: no row, no network."""

from chatbot.ticket_files.incoming import Bad as Bad
from chatbot.ticket_files.incoming import Channel as Channel
from chatbot.ticket_files.incoming import Incoming as Incoming
from chatbot.ticket_files.incoming import IncomingMessage as IncomingMessage
