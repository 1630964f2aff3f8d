"""Words every room shares: refusals, points, money, ids, time and pages. No input or output."""
