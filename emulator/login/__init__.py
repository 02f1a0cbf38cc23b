"""Who is asking: Basic, NTLM and OAuth2, checked for real."""
