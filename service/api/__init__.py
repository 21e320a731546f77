"""The REST API, a module a resource; each has `blueprint(service)` that makes its routes."""
