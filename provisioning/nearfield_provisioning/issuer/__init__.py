"""The small issuer: it signs the certificates by which devices prove who they are, and takes them back."""
