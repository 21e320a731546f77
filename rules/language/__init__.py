"""From YAML to the model: documents, inheritance, lints, building, loading."""
