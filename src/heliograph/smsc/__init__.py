"""Live links to SMSCs, and the dialects they speak."""
