"""Several servers on one database: who is there, whose answers are whose, who does what."""

from chatbot.replicas.service import Replicas as Replicas
from chatbot.replicas.wire import Wire as Wire
