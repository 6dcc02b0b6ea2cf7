"""A small fictional shop to try everything with: articles and tickets, put in and taken out."""

from chatbot.demo.service import Demo as Demo
from chatbot.demo.service import Loaded as Loaded
