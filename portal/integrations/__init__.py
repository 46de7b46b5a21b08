"""Every foreign wire format: thin codecs over the operations of catalog and scorecards."""
