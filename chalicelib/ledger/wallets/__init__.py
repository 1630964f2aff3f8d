"""A member's points: dated lots, holds, debt, and the journal that explains every change."""
