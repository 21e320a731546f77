"""From files to rows: formats, layouts, values, and what is wrong with a row."""
