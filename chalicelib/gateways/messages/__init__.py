"""Mail, SMS and push, behind a seam."""
