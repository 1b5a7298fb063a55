"""Any media file to 16 kHz blocks, levels and mel features."""
