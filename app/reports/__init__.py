"""文书: numbered papers and the case file as PDF; content, signature, printing."""
