"""The web room: pages, the REST API, and what stands between them and strangers."""
