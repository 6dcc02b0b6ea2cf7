"""Several servers on one database: who is there, whose answers are whose, who does what."""
