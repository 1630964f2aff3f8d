"""What members are told: facts reach their readers, and readers decide who hears of them."""
