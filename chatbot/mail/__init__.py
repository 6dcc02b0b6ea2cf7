"""Mail as such: fetched over IMAP, handed over by SMTP. Knows no ticket and no table."""
