"""Words of one's own: how a list of them is written, found while decoding, and found afterwards by sound."""
