"""What an SMS is (pure)."""
