"""Days that matter to points: the last day of use, reminders, and what comes next."""
