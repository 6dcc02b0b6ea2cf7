"""Which model a name stands for in production. Knows rows; opens no model."""
