"""Properties: Hypothesis against the real engine, judged by a plain model."""
