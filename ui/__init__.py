"""Every door: browser, HTTP, terminal. Knows widgets and wire formats; decides nothing."""
