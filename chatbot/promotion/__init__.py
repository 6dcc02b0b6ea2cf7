"""Which model production serves: promotion behind a gate, and the way back."""
