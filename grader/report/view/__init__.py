"""What the templates read: small frozen values, one file per section of the page."""
