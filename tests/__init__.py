"""Tests: each name is a sentence about the product, told against a real engine."""
