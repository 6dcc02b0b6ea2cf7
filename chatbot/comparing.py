"""Two models or prompts side by side on live questions, and votes. Knows no page."""
